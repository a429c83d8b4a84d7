//! A complete answer in place of hyper's bare one to a request that it cannot parse.
//!
//! hyper offers no hook there: it writes a status line, `connection: close`, `content-length: 0` and a date. That head is
//! recognised on its way to the socket, only while no answer of ours is under way, and a problem document is put into it.

use super::connection::Shared;
use super::reasons::Refused;
use super::refusal::Refusal;
use crate::request_id::RequestId;

/// The lines of hyper's head that are not kept.
const REPLACED: [&str; 2] = ["content-length:", "connection:"];

/// The bytes that go out in place of hyper's.
#[derive(Debug)]
pub(super) struct Substitute {
    bytes: Vec<u8>,
    written: usize,
}

impl Substitute {
    /// Counts and logs the refusal that `head` stands for; none when it is no head of hyper's own.
    pub(super) fn of(head: &[u8], shared: &Shared) -> Option<Self> {
        let head = str::from_utf8(head).ok()?;
        let refusal = refusal(recognise(head)?, shared);
        let id = RequestId::random();
        refusal.note(shared, &id);
        Some(Self { bytes: render(head, &refusal, &id).into_bytes(), written: 0 })
    }

    /// What is still to be written; empty at the end.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    pub(super) fn advance(&mut self, written: usize) {
        self.written += written;
    }
}

/// A glance at bytes about to be written that tells all but errors apart, since most answers are none.
pub(super) fn may_be_refusal(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/1.") && bytes.get(8..10) == Some(b" 4")
}

fn recognise(head: &str) -> Option<Refused> {
    let (status_line, fields) = head.strip_suffix("\r\n\r\n")?.split_once("\r\n")?;
    let is_empty = fields.split("\r\n").any(|line| line == "content-length: 0");
    let mut words = status_line.split(' ').skip(1);
    match words.next()? {
        "400" if is_empty => Some(Refused::BadRequest),
        "414" if is_empty => Some(Refused::TargetTooLong),
        "431" if is_empty => Some(Refused::HeaderTooLarge),
        _ => None,
    }
}

fn refusal(reason: Refused, shared: &Shared) -> Refusal {
    let limits = &shared.limits;
    match reason {
        Refused::TargetTooLong => Refusal::target_too_long(limits),
        Refused::HeaderTooLarge => Refusal::new(
            reason,
            format!(
                "the header may have {} bytes and {} fields at most",
                limits.header_bytes, limits.header_count
            ),
        ),
        Refused::BadRequest | Refused::Connect | Refused::BodyTooLarge | Refused::HandlerTimeout => {
            Refusal::new(reason, "the request is not well-formed HTTP/1.1")
        }
    }
}

/// hyper's head with our fields in it, and the document.
fn render(head: &str, refusal: &Refusal, id: &RequestId) -> String {
    let document = refusal.problem().document(Some(id));
    let kept = head
        .trim_end_matches("\r\n")
        .split("\r\n")
        .filter(|line| !REPLACED.iter().any(|name| line.starts_with(name)));
    let mut answer = kept.collect::<Vec<_>>().join("\r\n");
    answer.push_str(&format!(
        "\r\nconnection: close\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nx-request-id: {id}\r\n\r\n",
        document.len()
    ));
    answer.push_str(&document);
    answer
}

#[cfg(test)]
mod tests {
    use super::{Refused, may_be_refusal, recognise, render};
    use crate::RequestId;
    use crate::server::refusal::Refusal;

    const HEAD: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\
                        date: Tue, 24 Nov 2026 11:00:00 GMT\r\n\r\n";

    #[test]
    fn a_head_of_hypers_own_is_recognised_by_its_status_and_its_empty_body() {
        assert!(may_be_refusal(HEAD.as_bytes()));
        assert_eq!(recognise(HEAD), Some(Refused::HeaderTooLarge));
        assert_eq!(recognise(&HEAD.replace("431", "400")), Some(Refused::BadRequest));
        assert_eq!(recognise(&HEAD.replace("431", "414")), Some(Refused::TargetTooLong));
    }

    #[test]
    fn other_bytes_are_left_alone() {
        for (other, why) in [
            (HEAD.replace("431", "404"), "a status that hyper never gives by itself"),
            (HEAD.replace("length: 0", "length: 12"), "an answer with a body"),
            (HEAD.replace("431", "200"), "no error"),
            (format!("{HEAD}more"), "more than a head"),
            (HEAD.trim_end().to_owned(), "less than a head"),
        ] {
            assert_eq!(recognise(&other), None, "{why}");
        }
        assert!(!may_be_refusal(b"HTTP/1.1 200 OK\r\n"));
        assert!(!may_be_refusal(b""));
    }

    #[test]
    fn the_answer_keeps_the_status_line_and_the_date_and_has_a_document() {
        let id = RequestId::of(
            &http::HeaderMap::from_iter([(
                http::HeaderName::from_static("x-request-id"),
                http::HeaderValue::from_static("abc"),
            )]),
            None,
            &crate::TraceContext::root(),
        );
        let refusal = Refusal::new(Refused::HeaderTooLarge, "shorter, please");
        let document = "{\"type\":\"about:blank\",\"title\":\"Request Header Fields Too Large\",\"status\":431,\
                        \"detail\":\"shorter, please\",\"request_id\":\"abc\"}\n";
        let expected = format!(
            "HTTP/1.1 431 Request Header Fields Too Large\r\ndate: Tue, 24 Nov 2026 11:00:00 GMT\r\n\
             connection: close\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
             x-request-id: abc\r\n\r\n{document}",
            document.len()
        );
        assert_eq!(render(HEAD, &refusal, &id), expected);
    }
}
