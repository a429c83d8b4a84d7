//! Interface of the fast path for a service.

use crate::response::StaticResponse;

/// Source of responses in memory, queried before the router. One is made for each connection, so it may cache its last
/// result.
///
/// Building a request and a response, and routing between them, cost more than a response whose bytes are ready. A client sees
/// no difference, and limits, log line, metrics and spans are the same. A request of more than a few kilobytes, or with
/// anything unusual about it, is routed nevertheless.
pub trait FastPath: Send {
    /// Returns the response to a `GET` of `path`, or `None` to leave it to the router. Must not block.
    fn get(&mut self, path: &str) -> Option<FastResponse>;
}

/// Response of a [`FastPath`].
#[derive(Debug)]
pub struct FastResponse {
    /// Index of the route in the list that the listener was given.
    pub route: usize,
    /// The whole response.
    pub response: StaticResponse,
}

/// Routes that a listener answers from memory, and the factory of their source.
pub(crate) struct FastRoutes {
    pub(crate) routes: Vec<&'static str>,
    pub(crate) make: Box<dyn Fn() -> Box<dyn FastPath> + Send + Sync>,
}

impl std::fmt::Debug for FastRoutes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FastRoutes").field(&self.routes).finish()
    }
}
