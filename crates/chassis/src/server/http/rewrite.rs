//! Rewriter of hyper's own error responses: a problem document in place of an empty body.
//!
//! hyper has no hook for requests that it cannot parse: it writes a status line, `connection: close`, `content-length: 0` and
//! a date. This head is recognised on its way to the client, only while no response of a route is pending.

use super::reject::Rejection;
use crate::request_id::RequestId;
use crate::server::listener::ListenerState;
use crate::server::record::reasons::RejectReason;

/// Lines of hyper's head that are replaced.
const REPLACED: [&str; 2] = ["content-length:", "connection:"];

/// Response that is sent in place of hyper's.
#[derive(Debug)]
pub(crate) struct ErrorResponseRewriter {
    bytes: Vec<u8>,
    written: usize,
}

impl ErrorResponseRewriter {
    /// Counts and logs the rejection that `head` reports. `None` if `head` is not a response of hyper's own.
    pub(crate) fn for_head(head: &[u8], listener: &ListenerState) -> Option<Self> {
        let head = str::from_utf8(head).ok()?;
        let rejection = rejection(reject_reason(head)?, listener);
        let id = RequestId::random();
        rejection.record(listener, &id);
        Some(Self { bytes: render(head, &rejection, &id).into_bytes(), written: 0 })
    }

    /// Bytes that are not written yet; empty at the end.
    pub(crate) fn unsent(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    pub(crate) fn advance(&mut self, written: usize) {
        self.written += written;
    }
}

/// Cheap pre-check: true only for bytes that start like an HTTP/1.x 4xx response.
pub(crate) fn starts_like_client_error(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/1.") && bytes.get(8..10) == Some(b" 4")
}

/// Reason of hyper's own response, read from its status; `None` for any other head.
fn reject_reason(head: &str) -> Option<RejectReason> {
    let (status_line, fields) = head.strip_suffix("\r\n\r\n")?.split_once("\r\n")?;
    let is_empty = fields.split("\r\n").any(|line| line == "content-length: 0");
    let mut words = status_line.split(' ').skip(1);
    match words.next()? {
        "400" if is_empty => Some(RejectReason::BadRequest),
        "414" if is_empty => Some(RejectReason::TargetTooLong),
        "431" if is_empty => Some(RejectReason::HeaderTooLarge),
        _ => None,
    }
}

fn rejection(reason: RejectReason, listener: &ListenerState) -> Rejection {
    let limits = &listener.limits;
    match reason {
        RejectReason::TargetTooLong => Rejection::target_too_long(limits),
        RejectReason::HeaderTooLarge => Rejection::new(
            reason,
            format!(
                "the header may have {} bytes and {} fields at most",
                limits.header_bytes, limits.header_count
            ),
        ),
        RejectReason::BadRequest
        | RejectReason::Connect
        | RejectReason::BodyTooLarge
        | RejectReason::HandlerTimeout => Rejection::new(reason, "the request is not well-formed HTTP/1.1"),
    }
}

/// Renders hyper's head with our fields, and the document.
fn render(head: &str, rejection: &Rejection, id: &RequestId) -> String {
    let document = rejection.problem().document(Some(id));
    let kept = head
        .trim_end_matches("\r\n")
        .split("\r\n")
        .filter(|line| !REPLACED.iter().any(|name| line.starts_with(name)));
    let mut response = kept.collect::<Vec<_>>().join("\r\n");
    response.push_str(&format!(
        "\r\nconnection: close\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nx-request-id: {id}\r\n\r\n",
        document.len()
    ));
    response.push_str(&document);
    response
}

#[cfg(test)]
mod tests {
    use super::{RejectReason, Rejection, reject_reason, render, starts_like_client_error};
    use crate::request_id::RequestId;
    use crate::trace_context::TraceContext;

    const HEAD: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\
                        date: Tue, 24 Nov 2026 11:00:00 GMT\r\n\r\n";

    #[test]
    fn hypers_own_head_is_recognised() {
        assert!(starts_like_client_error(HEAD.as_bytes()));
        assert_eq!(reject_reason(HEAD), Some(RejectReason::HeaderTooLarge));
        assert_eq!(reject_reason(&HEAD.replace("431", "400")), Some(RejectReason::BadRequest));
        assert_eq!(reject_reason(&HEAD.replace("431", "414")), Some(RejectReason::TargetTooLong));
    }

    #[test]
    fn other_bytes_are_not_rewritten() {
        for (other, why) in [
            (HEAD.replace("431", "404"), "a status that hyper never sends by itself"),
            (HEAD.replace("length: 0", "length: 12"), "a response with a body"),
            (HEAD.replace("431", "200"), "no error"),
            (format!("{HEAD}more"), "more than a head"),
            (HEAD.trim_end().to_owned(), "less than a head"),
        ] {
            assert_eq!(reject_reason(&other), None, "{why}");
        }
        assert!(!starts_like_client_error(b"HTTP/1.1 200 OK\r\n"));
        assert!(!starts_like_client_error(b""));
    }

    #[test]
    fn rewritten_head_has_a_document() {
        let id = RequestId::from_headers(
            &http::HeaderMap::from_iter([(
                http::HeaderName::from_static("x-request-id"),
                http::HeaderValue::from_static("abc"),
            )]),
            None,
            &TraceContext::root(),
        );
        let rejection = Rejection::new(RejectReason::HeaderTooLarge, "shorter, please");
        let document = "{\"type\":\"about:blank\",\"title\":\"Request Header Fields Too Large\",\"status\":431,\
                        \"detail\":\"shorter, please\",\"request_id\":\"abc\"}\n";
        let expected = format!(
            "HTTP/1.1 431 Request Header Fields Too Large\r\ndate: Tue, 24 Nov 2026 11:00:00 GMT\r\n\
             connection: close\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
             x-request-id: abc\r\n\r\n{document}",
            document.len()
        );
        assert_eq!(render(HEAD, &rejection, &id), expected);
    }
}
