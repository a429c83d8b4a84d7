//! Problem documents for errors: RFC 9457, `application/problem+json`.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::request_id::RequestId;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Maximum length of a plain text response that becomes the detail of a document.
const MAX_DETAIL_BYTES: u64 = 4096;

/// An error response. The server adds the request id.
///
/// A 5xx document never contains a detail: internal causes belong into the log, where the request id finds them.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    kind: Cow<'static, str>,
    title: Cow<'static, str>,
    detail: Option<String>,
    retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl Problem {
    /// A problem with a status only: type `about:blank`, and the status phrase as title.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { status, kind: "about:blank".into(), title: title.into(), detail: None, retry_after: None }
    }

    /// Sets the kind of problem: a URI, and a title that all problems of that kind share.
    #[must_use]
    pub fn kind(mut self, uri: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        self.kind = uri.into();
        self.title = title.into();
        self
    }

    /// Sets the detail, which says what the client has to change; left out of a 5xx document.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Sets the `Retry-After` header, in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn document(&self, request_id: Option<&RequestId>) -> String {
        let detail = self.detail.as_deref().filter(|_| !self.status.is_server_error());
        let document = Document {
            r#type: &self.kind,
            title: &self.title,
            status: self.status.as_u16(),
            detail,
            request_id: request_id.map(RequestId::as_str),
        };
        let mut text = serde_json::to_string(&document).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, [(CONTENT_TYPE, MEDIA_TYPE)], self.document(None)).into_response();
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Converts an error response to a document with the request id.
///
/// Responses of the framework (no route, wrong method, a body that does not parse) are plain text or empty. They become
/// documents too and retain their headers, such as `Allow`. A response with a media type of its own is not changed.
pub(crate) async fn to_problem_response(mut response: Response, request_id: &RequestId) -> Response {
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if needs_document(&response) => {
            let body = std::mem::take(response.body_mut());
            detail_from_body(response.status(), body).await
        }
        None => return response,
    };
    *response.body_mut() = Body::from(problem.document(Some(request_id)));
    response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
    response.headers_mut().remove(CONTENT_LENGTH);
    response
}

fn needs_document(response: &Response) -> bool {
    let status = response.status();
    let media_type = response.headers().get(CONTENT_TYPE);
    (status.is_client_error() || status.is_server_error())
        && media_type.is_none_or(|value| value.as_bytes().starts_with(b"text/plain"))
}

/// Reads the detail from a short plain text of a 4xx response. A text of unknown length is a stream, which may never end.
async fn detail_from_body(status: StatusCode, body: Body) -> Problem {
    let problem = Problem::new(status);
    let is_short = body.size_hint().exact().is_some_and(|length| (1..=MAX_DETAIL_BYTES).contains(&length));
    if !status.is_client_error() || !is_short {
        return problem;
    }
    match to_bytes(body, usize::MAX).await {
        Ok(text) => problem.detail(String::from_utf8_lossy(&text)),
        Err(_) => problem,
    }
}
