//! Requests that the server itself refuses, before any route sees them: one document, one count and one log line each.

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ALLOW, HeaderValue};

use super::connection::Shared;
use super::reasons::Refused;
use crate::problem::{Problem, explain};
use crate::{RequestId, TraceContext};

/// A refused request. Its connection is closed after the answer: where the next request begins may be in doubt.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) reason: Refused,
    detail: String,
}

impl Refusal {
    /// The detail tells the client what to change. It must hold nothing that the client sent.
    pub(super) fn new(reason: Refused, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    pub(super) fn bad_request(detail: &str) -> Self {
        Self::new(Refused::BadRequest, detail)
    }

    pub(super) fn problem(&self) -> Problem {
        Problem::new(self.reason.status()).detail(self.detail.as_str())
    }

    /// Counts and logs the refusal.
    pub(super) fn note(&self, shared: &Shared, id: &RequestId) {
        shared.counters.request_refused(self.reason);
        tracing::info!(
            listener = shared.name,
            reason = self.reason.label(),
            status = self.reason.status().as_u16(),
            request_id = id.as_str(),
            "request refused"
        );
    }

    /// The answer to a request that was parsed; `headers` are the request's.
    pub(super) async fn answer(self, shared: &Shared, headers: &HeaderMap) -> Response {
        let parent = TraceContext::of(headers);
        let id = RequestId::of(headers, parent.as_ref(), &TraceContext::following(parent.as_ref()));
        self.note(shared, &id);
        let mut response = explain(self.problem().into_response(), &id).await;
        let headers = response.headers_mut();
        id.mark(headers);
        if self.reason == Refused::Connect {
            // RFC 9110, 15.5.6 demands the field; empty, it says that no method is allowed on that target.
            headers.insert(ALLOW, HeaderValue::from_static(""));
        }
        response
    }
}
