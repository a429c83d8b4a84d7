//! Responses whose bytes are in memory.

use axum::body::{Body, Bytes};
use axum::response::IntoResponse;
use http::{HeaderName, HeaderValue, Response, StatusCode};

/// A response whose bytes are in memory. The router and the fast path send the same.
///
/// An error response needs a media type and a body of its own; without them the server replaces it by a problem document.
#[derive(Debug)]
pub struct StaticResponse {
    /// Status.
    pub status: StatusCode,
    /// Header fields, besides those that every response has.
    pub headers: &'static [(HeaderName, HeaderValue)],
    /// Body.
    pub body: Bytes,
}

impl IntoResponse for StaticResponse {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}
