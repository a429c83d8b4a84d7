//! Drain: the stages of a stop, and their order in time.
//!
//! May know: time budgets, readiness, the counters. May not know: HTTP, routes, sockets, the state of a connection.

pub(crate) mod serve;
pub(crate) mod stage;
