//! Span of a finished request.

use std::time::SystemTime;

use http::{StatusCode, Version};

use crate::trace_context::TraceContext;
use crate::trace_context::state::TraceState;

/// Span of a finished request. It contains no path or query, which may name persons; the route does not.
#[derive(Clone, Copy, Debug)]
pub struct ServerSpan<'a> {
    /// Trace context of the request.
    pub context: TraceContext,
    /// Trace context of the caller.
    pub parent: Option<TraceContext>,
    /// `tracestate` of the caller.
    pub state: Option<&'a TraceState>,
    /// Method; one that is not of RFC 9110 or PATCH is recorded as `_OTHER`.
    pub method: &'static str,
    /// Route that matched, like `/items/{id}`; must be from a small set.
    pub route: Option<&'a str>,
    /// Status; `None` if the request was cut, or its client disconnected, before a response.
    pub status: Option<StatusCode>,
    /// HTTP version of the request.
    pub version: Version,
    /// Start of the request.
    pub start: SystemTime,
    /// End of the request.
    pub end: SystemTime,
}
