//! HTTP: checks of a request before its route, the middleware around it, and rejections.
//!
//! May know: requests, responses, limits, and the connection's state. May not know: sockets, how bytes are read and written,
//! the course of the drain beyond whether it has begun.

pub(crate) mod framing;
pub(crate) mod middleware;
mod panics;
mod reject;
pub(crate) mod requests;
pub(crate) mod rewrite;
mod targets;
