use axum::body::{Body, Bytes};
use axum::response::IntoResponse;
use http::{HeaderName, HeaderValue, Response, StatusCode};

/// Answers `GET` requests at once from memory, before the router is asked. One is made for each connection, so it may
/// keep what it read last.
///
/// Building a request and a response, and routing between them, cost more than an answer whose bytes are ready. All that a
/// client sees is the same, and so are limits, log line, metrics and spans. A request of more than a few kilobytes, or with
/// anything out of the ordinary about it, goes to the router even so.
pub trait FastPath: Send {
    /// The answer to a `GET` of `path`, or `None` to leave it to the router. Must not block.
    fn get(&mut self, path: &str) -> Option<FastAnswer>;
}

/// What a [`FastPath`] answers.
#[derive(Debug)]
pub struct FastAnswer {
    /// Index of its route in the list that the listener was given.
    pub route: usize,
    /// The answer, whole.
    pub answer: MemoryAnswer,
}

/// An answer whose bytes are in memory. An error needs a media type and a body of its own.
#[derive(Debug)]
pub struct MemoryAnswer {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields, besides those that every answer has.
    pub headers: &'static [(HeaderName, HeaderValue)],
    /// Its body.
    pub body: Bytes,
}

impl IntoResponse for MemoryAnswer {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
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
