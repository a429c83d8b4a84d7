//! Requests that every parser reads alike, recognised without hyper.
//!
//! This is no second parser beside hyper's. It accepts a `GET` of a path without a query, alone and whole, in the spelling of
//! common clients and proxies. It leaves everything else unread: a body of any kind, more or less than one request, a field
//! that changes the connection, a line end that some servers accept and others do not. hyper then accepts or rejects these
//! bytes unchanged.

use http::HeaderMap;
use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use httparse::Status;

use crate::limits::LimitArgs;
use crate::request_id;
use crate::server::http::framing::is_valid_host;
use crate::trace_context::TRACEPARENT;
use crate::trace_context::state::TRACESTATE;

/// Maximum number of header fields; a request with more is hyper's.
const MAX_FIELDS: usize = 32;

/// Fields of requests that have a body, or that change the connection.
const NOT_SIMPLE: [HeaderName; 4] = [CONTENT_LENGTH, TRANSFER_ENCODING, EXPECT, UPGRADE];

/// Fields that identify the request.
const IDENTITY: [HeaderName; 3] = [request_id::HEADER, TRACEPARENT, TRACESTATE];

/// A `GET` by HTTP/1.1, without a body.
#[derive(Debug)]
pub(crate) struct SimpleGet<'a> {
    /// Path, as spelled.
    pub(crate) path: &'a str,
    /// The fields that identify the request, and no others.
    pub(crate) headers: HeaderMap,
    /// True if the client asks to close the connection.
    pub(crate) is_last: bool,
}

impl<'a> SimpleGet<'a> {
    /// Returns `None` unless `bytes` are exactly one such request.
    pub(crate) fn parse(bytes: &'a [u8], limits: &LimitArgs) -> Option<Self> {
        if !bytes.starts_with(b"GET /") || !ends_lines_with_crlf(bytes) {
            return None;
        }
        let mut fields = [const { std::mem::MaybeUninit::uninit() }; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut []);
        let read = request.parse_with_uninit_headers(bytes, &mut fields);
        let is_one = matches!(read, Ok(Status::Complete(length)) if length == bytes.len());
        let path = request.path?;
        let is_within_limits = request.headers.len() <= usize::from(limits.header_count)
            && path.len() <= usize::try_from(limits.target_bytes).unwrap_or(usize::MAX);
        if !is_one || request.version != Some(1) || !is_within_limits || !path.bytes().all(is_path_byte) {
            return None;
        }
        let mut simple = Self { path, headers: HeaderMap::new(), is_last: false };
        simple.take(request.headers)?;
        Some(simple)
    }

    /// Returns `None` if a field is not allowed in a simple request, or if there is not exactly one `Host`.
    fn take(&mut self, fields: &[httparse::Header<'_>]) -> Option<()> {
        let (mut hosts, mut connections) = (0, 0);
        for field in fields {
            let is = |name: &HeaderName| field.name.eq_ignore_ascii_case(name.as_str());
            if is(&HOST) {
                hosts += 1;
                is_valid_host(field.value).then_some(())?;
            } else if is(&CONNECTION) {
                connections += 1;
                self.is_last = field.value.eq_ignore_ascii_case(b"close");
                (self.is_last || field.value.eq_ignore_ascii_case(b"keep-alive")).then_some(())?;
            } else if NOT_SIMPLE.iter().any(is) {
                return None;
            } else if let Some(name) = IDENTITY.into_iter().find(is) {
                self.headers.append(name, HeaderValue::from_bytes(field.value).ok()?);
            }
        }
        (hosts == 1 && connections <= 1).then_some(())
    }
}

/// True for a byte of the grammar of paths (RFC 3986, 3.3). httparse accepts others too, of which hyper rejects some later.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte)
}

/// True if each LF follows a CR. hyper accepts a bare LF as the end of a line, as the standard allows; others may not.
fn ends_lines_with_crlf(bytes: &[u8]) -> bool {
    bytes.windows(2).all(|pair| pair[1] != b'\n' || pair[0] == b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::SimpleGet;
    use crate::limits::LimitArgs;

    fn path(text: &[u8]) -> Option<String> {
        SimpleGet::parse(text, &LimitArgs::default()).map(|simple| simple.path.to_owned())
    }

    fn get(fields: &str) -> String {
        format!("GET /a HTTP/1.1\r\nHost: test\r\n{fields}\r\n")
    }

    #[test]
    fn requests_of_clients_and_proxies_are_simple() {
        for fields in [
            "",
            "Connection: keep-alive\r\n",
            "connection:Keep-Alive\r\n",
            "Connection: close\r\n",
            "User-Agent: curl/8.5.0\r\nAccept: */*\r\n",
            "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nVia: 1.1 proxy\r\n",
            "Cookie: a=b; c=\"d\"\r\nX-Empty:\r\n",
            "X-Old: \u{e4}\r\n",
        ] {
            assert_eq!(path(get(fields).as_bytes()).as_deref(), Some("/a"), "{fields:?}");
        }
        for path_of_all_kinds in ["/", "/a/b.c-d_e~f", "/!$&'()*+,;=:@", "/%C3%A4"] {
            let text = format!("GET {path_of_all_kinds} HTTP/1.1\r\nHost: test\r\n\r\n");
            assert_eq!(path(text.as_bytes()).as_deref(), Some(path_of_all_kinds));
        }
        for host in ["", "test:80", "[::1]:80"] {
            let text = format!("GET /a HTTP/1.1\r\nhOsT:{host}\r\n\r\n");
            assert_eq!(path(text.as_bytes()).as_deref(), Some("/a"), "{host:?}");
        }
    }

    #[test]
    fn ambiguous_requests_are_not_simple() {
        for fields in [
            "Content-Length: 0\r\n",
            "Content-length: 5\r\n",
            "Transfer-Encoding: chunked\r\n",
            "transfer-encoding:\r\n",
            "Expect: 100-continue\r\n",
            "Upgrade: h2c\r\n",
            "Connection:\r\n",
            "Connection: keep-alive, upgrade\r\n",
            "Connection: close, x-forwarded-for\r\n",
            "Connection: keep-alive\r\nConnection: close\r\n",
            "Host: test\r\n",
            "X: a\n",
            "X: a\nY: b\r\n",
            "X: a\r\n b\r\n",
            " X: a\r\n",
            "X : a\r\n",
            "X: a\rb\r\n",
            "X: a\0b\r\n",
            "X\0: a\r\n",
            ": a\r\n",
            "X\r\n",
        ] {
            assert_eq!(path(get(fields).as_bytes()), None, "{fields:?}");
        }
        for text in [
            "",
            "\r\n",
            "GET /a HTTP/1.1\r\n\r\n",
            "GET /a HTTP/1.1\nHost: test\n\n",
            "GET /a HTTP/1.1\r\nHost: test\r\n\n",
            "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: user@test\r\n\r\n",
            "GET /a HTTP/1.0\r\nHost: test\r\n\r\n",
            "GET /a HTTP/2.0\r\nHost: test\r\n\r\n",
            "GET  /a HTTP/1.1\r\nHost: test\r\n\r\n",
            "GET /a  HTTP/1.1\r\nHost: test\r\n\r\n",
            "GET /a\r\nHost: test\r\n\r\n",
            "GET a HTTP/1.1\r\nHost: test\r\n\r\n",
            "GET /a?b HTTP/1.1\r\nHost: test\r\n\r\n",
            "GET /a#b HTTP/1.1\r\nHost: test\r\n\r\n",
            "GET /a<b HTTP/1.1\r\nHost: test\r\n\r\n",
            "GET /a\"b HTTP/1.1\r\nHost: test\r\n\r\n",
            "GET /a`b HTTP/1.1\r\nHost: test\r\n\r\n",
            "GET /a\\b HTTP/1.1\r\nHost: test\r\n\r\n",
            "GET /\u{e4} HTTP/1.1\r\nHost: test\r\n\r\n",
            "GET http://test/a HTTP/1.1\r\nHost: test\r\n\r\n",
            "HEAD /a HTTP/1.1\r\nHost: test\r\n\r\n",
            "get /a HTTP/1.1\r\nHost: test\r\n\r\n",
            "\r\nGET /a HTTP/1.1\r\nHost: test\r\n\r\n",
        ] {
            assert_eq!(path(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn only_one_whole_request_is_simple() {
        let whole = get("Accept: */*\r\n");
        for end in 0..whole.len() {
            assert_eq!(path(&whole.as_bytes()[..end]), None, "the first {end} bytes");
        }
        for more in ["x", "\r\n", "GET ", &whole] {
            assert_eq!(path(format!("{whole}{more}").as_bytes()), None, "{more:?} behind it");
        }
    }

    #[test]
    fn limits_hold() {
        let fields = |number: usize| path(get(&"X: a\r\n".repeat(number - 1)).as_bytes());
        assert!(fields(32).is_some() && fields(33).is_none());
        let limits = LimitArgs { header_count: 2, target_bytes: 2, ..LimitArgs::default() };
        let read = |text: &str| SimpleGet::parse(text.as_bytes(), &limits).is_some();
        assert!(read(&get("X: a\r\n")) && !read(&get("X: a\r\nY: b\r\n")));
        assert!(!read("GET /ab HTTP/1.1\r\nHost: test\r\n\r\n"));
    }

    #[test]
    fn only_identifying_fields_are_retained() {
        let text = get(
            "Accept: */*\r\nX-Request-ID: one\r\nTraceParent: 00\r\ntracestate: a=b\r\ntracestate: c=d\r\n",
        );
        let SimpleGet { headers, is_last, .. } =
            SimpleGet::parse(text.as_bytes(), &LimitArgs::default()).expect("a simple request");
        assert!(!is_last);
        let kept: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let expected: [(_, &[u8]); 4] = [
            ("x-request-id", b"one"),
            ("traceparent", b"00"),
            ("tracestate", b"a=b"),
            ("tracestate", b"c=d"),
        ];
        assert_eq!(kept, expected);
    }

    proptest! {
        /// An inserted, removed or changed byte never makes a simple request of another shape: it has no line break within a
        /// line, and none of the fields that are left to hyper.
        #[test]
        fn changed_byte_makes_no_other_kind_of_request(
            place in 0..80usize, byte: u8, change in 0..3u8,
            name in "[A-Za-z-]{1,18}", value in "[ -~]{0,20}",
        ) {
            let mut text = get(&format!("{name}: {value}\r\n")).into_bytes();
            let place = place % text.len();
            match change {
                0 => text[place] = byte,
                1 => text.insert(place, byte),
                _ => { text.remove(place); }
            }
            if let Some(simple) = SimpleGet::parse(&text, &LimitArgs::default()) {
                let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
                let lines: Vec<_> = text.strip_suffix("\r\n\r\n").expect("an end").split("\r\n").collect();
                prop_assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])));
                prop_assert_eq!(lines[0], format!("get {} http/1.1", simple.path.to_ascii_lowercase()));
                prop_assert!(lines[1..].iter().all(|line| !line.starts_with([' ', '\t'])));
                for name in ["content-length", "transfer-encoding", "expect", "upgrade"] {
                    prop_assert!(!lines.iter().any(|line| line.split(':').next() == Some(name)));
                }
            }
        }
    }
}
