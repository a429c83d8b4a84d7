//! Rejections: requests that the server itself answers with an error, before a route. Each is counted and logged.

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ALLOW, HeaderValue};

use crate::limits::LimitArgs;
use crate::problem::{Problem, to_problem_response};
use crate::request_id::RequestId;
use crate::server::listener::ListenerState;
use crate::server::record::reasons::RejectReason;
use crate::trace_context::TraceContext;

/// A rejected request. Its connection is closed after the response, because the start of the next request may be in doubt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) reason: RejectReason,
    detail: String,
}

impl Rejection {
    /// `detail` says what the client has to change. It must not contain anything that the client sent.
    pub(crate) fn new(reason: RejectReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    pub(crate) fn bad_request(detail: &str) -> Self {
        Self::new(RejectReason::BadRequest, detail)
    }

    pub(crate) fn target_too_long(limits: &LimitArgs) -> Self {
        let detail = format!("the request target may have {} bytes at most", limits.target_bytes);
        Self::new(RejectReason::TargetTooLong, detail)
    }

    pub(crate) fn problem(&self) -> Problem {
        Problem::new(self.reason.status()).detail(self.detail.as_str())
    }

    /// Counts and logs the rejection.
    pub(crate) fn record(&self, listener: &ListenerState, id: &RequestId) {
        listener.counters.request_rejected(self.reason);
        tracing::info!(
            listener = listener.name,
            reason = self.reason.label(),
            status = self.reason.status().as_u16(),
            request_id = id.as_str(),
            "request refused"
        );
    }

    /// Response to a request that was parsed; `headers` are the request's.
    pub(crate) async fn respond(self, listener: &ListenerState, headers: &HeaderMap) -> Response {
        let parent = TraceContext::from_headers(headers);
        let id = RequestId::from_headers(headers, parent.as_ref(), &TraceContext::following(parent.as_ref()));
        self.record(listener, &id);
        let mut response = to_problem_response(self.problem().into_response(), &id).await;
        let headers = response.headers_mut();
        id.insert_into(headers);
        if self.reason == RejectReason::Connect {
            // RFC 9110, 15.5.6 requires the field; if empty, no method is allowed on that target.
            headers.insert(ALLOW, HeaderValue::from_static(""));
        }
        response
    }
}
