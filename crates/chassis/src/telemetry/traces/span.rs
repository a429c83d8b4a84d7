//! A finished request, as it is told.

use std::time::SystemTime;

use http::{StatusCode, Version};

use crate::trace_context::{TraceContext, TraceState};

/// A finished request. Its path and query are left out on purpose: they may name persons, and a route does not.
#[derive(Clone, Copy, Debug)]
pub struct ServerSpan<'a> {
    /// The request's own place in its trace.
    pub context: TraceContext,
    /// Its caller's.
    pub parent: Option<TraceContext>,
    /// Its caller's `tracestate`.
    pub state: Option<&'a TraceState>,
    /// The method's name; one that is not of RFC 9110 or PATCH is recorded as `_OTHER`.
    pub method: &'static str,
    /// The route that matched, like `/items/{id}`; must be of a small set.
    pub route: Option<&'a str>,
    /// None when the request was cut, or its client went away, before an answer.
    pub status: Option<StatusCode>,
    /// Of the request.
    pub version: Version,
    /// When the request began.
    pub start: SystemTime,
    /// When it was over.
    pub end: SystemTime,
}
