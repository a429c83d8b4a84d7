//! Errors as documents: RFC 9457, `application/problem+json`.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::RequestId;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A plain answer longer than this is not worth quoting in a document.
const LONGEST_DETAIL: u64 = 4096;

/// One error answer. The server adds the request id on the way out.
///
/// A 5xx document never carries a detail: what went wrong inside is for the log, where the request id leads.
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
    /// A problem that says no more than its status: type `about:blank`, the status phrase as title.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { status, kind: "about:blank".into(), title: title.into(), detail: None, retry_after: None }
    }

    /// Names the kind of problem by a URI, and its title, which is the same for all problems of that kind.
    #[must_use]
    pub fn kind(mut self, uri: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        self.kind = uri.into();
        self.title = title.into();
        self
    }

    /// Tells the client what to change; left out of a 5xx document.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says by a `Retry-After` header when to come again, in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Status the problem is answered with.
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

/// Makes every error answer a document with the request id in it.
///
/// Answers of the framework (no route, wrong method, a body that does not parse) are plain text or empty; they become
/// documents too and keep their headers, such as `Allow`. An answer with a media type of its own stays as it is.
pub(crate) async fn explain(mut response: Response, request_id: &RequestId) -> Response {
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_unexplained(&response) => {
            let body = std::mem::take(response.body_mut());
            quote(response.status(), body).await
        }
        None => return response,
    };
    *response.body_mut() = Body::from(problem.document(Some(request_id)));
    response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
    response.headers_mut().remove(CONTENT_LENGTH);
    response
}

fn is_unexplained(response: &Response) -> bool {
    let status = response.status();
    let media_type = response.headers().get(CONTENT_TYPE);
    (status.is_client_error() || status.is_server_error())
        && media_type.is_none_or(|value| value.as_bytes().starts_with(b"text/plain"))
}

/// Quotes a short plain text to the client that caused the problem. A text of unknown length is a stream, and waiting
/// for its end could take for ever.
async fn quote(status: StatusCode, body: Body) -> Problem {
    let problem = Problem::new(status);
    let is_short = body.size_hint().exact().is_some_and(|length| (1..=LONGEST_DETAIL).contains(&length));
    if !status.is_client_error() || !is_short {
        return problem;
    }
    match to_bytes(body, usize::MAX).await {
        Ok(text) => problem.detail(String::from_utf8_lossy(&text)),
        Err(_) => problem,
    }
}
