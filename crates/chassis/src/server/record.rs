//! Records: one log line, one metric sample and, if sampled, one span per request, and the counts of the server.
//!
//! May know: telemetry, and of HTTP the names (method, status, headers). May not know: sockets, connections, the drain.

pub(crate) mod counters;
pub(crate) mod reasons;
pub(crate) mod request;
