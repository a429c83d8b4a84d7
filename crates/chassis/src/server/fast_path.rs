use axum::body::Bytes;
use http::Response;

/// Answers `GET` requests at once from memory, before the router is asked. One is made for each connection, so it may
/// keep what it read last.
///
/// Routing and its futures cost more than an answer whose bytes are ready; all that a client sees is the same: limits,
/// request id, log line and metrics.
pub trait FastPath: Send {
    /// The answer to a `GET` of `path`, or `None` to leave it to the router. Must not block.
    fn get(&mut self, path: &str) -> Option<FastAnswer>;
}

/// What a [`FastPath`] answers. An error answer needs a media type and a body of its own.
#[derive(Debug)]
pub struct FastAnswer {
    /// Index of its route in the list that the listener was given.
    pub route: usize,
    /// The answer, whole.
    pub response: Response<Bytes>,
}

/// The routes that a listener answers from memory, and what answers them.
pub(super) struct FastRoutes {
    pub(super) routes: Vec<&'static str>,
    pub(super) make: Box<dyn Fn() -> Box<dyn FastPath> + Send + Sync>,
}

impl std::fmt::Debug for FastRoutes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FastRoutes").field(&self.routes).finish()
    }
}
