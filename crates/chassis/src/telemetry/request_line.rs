//! Log line of a request, in the shape of all other lines but formatted by hand: at 100 000 requests per second the formatter of
//! `tracing-subscriber` would cost more than the requests, and that of the standard library a third of one.

use std::cell::RefCell;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::clock;
use crate::digits::{padded, push_number};
use crate::request_id::RequestId;
use crate::trace_context::TraceContext;

/// Part of a line that all requests of one listener, method, route and status share. It contains no free text of a client.
#[derive(Debug)]
pub(crate) struct LineTemplate(Vec<u8>);

impl LineTemplate {
    /// Makes a template; without a status for a request that was cut, or whose client disconnected.
    pub(crate) fn new(
        listener: &'static str,
        method: &'static str,
        route: &str,
        status: Option<u16>,
    ) -> Self {
        let message = if status.is_some() { "request" } else { "request cancelled" };
        let mut line = Vec::with_capacity(160);
        line.extend_from_slice(br#"Z","level":"INFO","message":""#);
        line.extend_from_slice(message.as_bytes());
        line.extend_from_slice(br#"","listener":""#);
        line.extend_from_slice(listener.as_bytes());
        line.extend_from_slice(br#"","method":""#);
        line.extend_from_slice(method.as_bytes());
        line.extend_from_slice(br#"","route":"#);
        push_json(&mut line, route);
        if let Some(status) = status {
            line.extend_from_slice(br#","status":"#);
            push_number(&mut line, status.into());
        }
        line.extend_from_slice(br#","duration_ms":"#);
        Self(line)
    }
}

/// Part of a line that differs between requests.
#[derive(Debug)]
pub(crate) struct RequestLine<'a> {
    pub(crate) duration: Duration,
    pub(crate) request_id: &'a RequestId,
    pub(crate) context: &'a TraceContext,
}

thread_local! {
    /// Line buffer of one thread, reused for all of its requests.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Start of a line, up to the [`LineTemplate`]. The fields that differ have fixed offsets.
const HEAD: [u8; 40] = *br#"{"timestamp":"2026-01-31T12:34:56.000000"#;
const SECONDS: Range<usize> = 14..33;
const MICROSECONDS: Range<usize> = 34..40;
/// End of a line, after the [`LineTemplate`].
const TAIL: [u8; 115] = *b",\"request_id\":\"00000000000000000000000000000000\",\
    \"trace_id\":\"00000000000000000000000000000000\",\"target\":\"request\"}\n";
const REQUEST_ID: Range<usize> = 15..47;
const TRACE_ID: Range<usize> = 61..93;

impl RequestLine<'_> {
    /// Calls `push` with the line, including its newline.
    pub(super) fn with_bytes(&self, template: &LineTemplate, now: Instant, push: impl FnOnce(&[u8])) {
        LINE.with_borrow_mut(|line| {
            line.clear();
            line.extend_from_slice(&head(now));
            line.extend_from_slice(&template.0);
            let micros = u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX);
            push_number(line, micros / 1000);
            let [a, b, c] = padded(micros % 1000);
            line.extend_from_slice(&[b'.', a, b, c]);
            self.push_tail(line);
            push(line);
        });
    }

    fn push_tail(&self, line: &mut Vec<u8>) {
        let mut tail = TAIL;
        tail[TRACE_ID].copy_from_slice(self.context.trace_digits().as_flattened());
        let id = self.request_id.as_bytes();
        if id.len() == REQUEST_ID.len() {
            tail[REQUEST_ID].copy_from_slice(id);
            line.extend_from_slice(&tail);
        } else {
            line.extend_from_slice(&tail[..REQUEST_ID.start]);
            line.extend_from_slice(id);
            line.extend_from_slice(&tail[REQUEST_ID.end..]);
        }
    }
}

fn head(now: Instant) -> [u8; HEAD.len()] {
    let mut head = HEAD;
    clock::at(now, |second, into| {
        head[SECONDS].copy_from_slice(&second.timestamp);
        head[MICROSECONDS].copy_from_slice(&padded::<6>(into.subsec_micros().into()));
    });
    head
}

/// Appends `text` as a JSON string. A route may contain any character; most contain none that JSON escapes.
fn push_json(line: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        line.push(b'"');
        line.extend_from_slice(text.as_bytes());
        line.push(b'"');
        return;
    }
    let begun = line.len();
    if serde_json::to_writer(&mut *line, text).is_err() {
        // A write to memory cannot fail; but half a string must not remain.
        line.truncate(begun);
        line.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn line(route: &str, status: Option<u16>, micros: u64, now: Instant) -> serde_json::Value {
        let (request_id, context) = (RequestId::random(), TraceContext::root());
        let duration = Duration::from_micros(micros);
        let line = RequestLine { duration, request_id: &request_id, context: &context };
        let mut text = Vec::new();
        let template = LineTemplate::new("public", "GET", route, status);
        line.with_bytes(&template, now, |bytes| text = bytes.to_vec());
        assert_eq!(text.pop(), Some(b'\n'));
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(value["request_id"], request_id.as_str());
        assert_eq!(value["trace_id"], format!("{:032x}", context.trace_id()));
        value
    }

    #[test]
    fn line_with_any_route_is_json() {
        for route in ["/config", "/a/{b}", "/quo\"te", "/back\\slash", "/new\nline", "/ü"] {
            assert_eq!(line(route, Some(200), 0, Instant::now())["route"], route);
        }
    }

    #[test]
    fn line_has_the_time_of_its_request() {
        let system = SystemTime::now();
        let line = line("/", Some(200), 0, Instant::now());
        let time = humantime::parse_rfc3339(line["timestamp"].as_str().unwrap()).unwrap();
        let apart = time.duration_since(system).unwrap_or_else(|error| error.duration());
        assert!(apart < Duration::from_millis(500), "{line} at {system:?}");
    }

    #[test]
    fn id_of_the_client_is_logged_unchanged() {
        for sent in
            ["a", "0123456789abcdef0123456789ABCDEF", "an-id-of-some-length.that_is_longer-than-one-of-ours"]
        {
            let headers = [(crate::request_id::HEADER, sent.parse().unwrap())].into_iter().collect();
            let context = TraceContext::root();
            let request_id = RequestId::from_headers(&headers, None, &context);
            let line = RequestLine { duration: Duration::ZERO, request_id: &request_id, context: &context };
            line.with_bytes(&LineTemplate::new("public", "GET", "/", None), Instant::now(), |bytes| {
                let line: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                assert_eq!((&line["request_id"], &line["target"]), (&sent.into(), &"request".into()));
            });
        }
    }

    #[test]
    fn durations_are_milliseconds_with_three_decimals() {
        for (micros, expected) in [(0, 0.0), (7, 0.007), (45, 0.045), (1_000, 1.0), (12_345_678, 12_345.678)]
        {
            assert_eq!(line("/", Some(503), micros, Instant::now())["duration_ms"], expected);
        }
    }

    #[test]
    fn cancelled_request_has_no_status() {
        let line = line("/", None, 1, Instant::now());
        assert_eq!((&line["message"], line.get("status")), (&"request cancelled".into(), None));
    }
}
