//! The log line of a request, of the same shape as all others but written by hand: at 100 000 requests a second the
//! formatter of `tracing-subscriber` would cost more than the requests, and that of the standard library a third of one.

mod digits;

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use digits::{push_number, push_padded};

use crate::{RequestId, TraceContext};

/// What is said of a request. Nothing in it is free text of a client.
#[derive(Debug)]
pub(crate) struct RequestLine<'a> {
    pub(crate) listener: &'static str,
    pub(crate) method: &'static str,
    pub(crate) route: &'a str,
    /// None for a request that was cut, or whose client went away.
    pub(crate) status: Option<u16>,
    pub(crate) duration: Duration,
    pub(crate) request_id: &'a RequestId,
    pub(crate) context: &'a TraceContext,
}

thread_local! {
    static WRITER: RefCell<Writer> = const { RefCell::new(Writer { line: Vec::new(), second: Second { number: 0, text: String::new() } }) };
}

/// Of one thread, so that its memory is used again.
struct Writer {
    line: Vec<u8>,
    second: Second,
}

/// A second since 1970 and how it is written, which is the same for thousands of lines.
struct Second {
    number: u64,
    /// `2026-01-31T12:34:56`
    text: String,
}

impl RequestLine<'_> {
    /// Hands the line to `push`, newline and all.
    pub(super) fn with_bytes(&self, now: SystemTime, push: impl FnOnce(&[u8])) {
        WRITER.with_borrow_mut(|Writer { line, second }| {
            line.clear();
            self.write(line, second, now);
            push(line);
        });
    }

    fn write(&self, line: &mut Vec<u8>, second: &mut Second, now: SystemTime) {
        line.extend_from_slice(br#"{"timestamp":""#);
        push_time(line, second, now);
        line.extend_from_slice(br#"","level":"INFO","message":""#);
        let message = if self.status.is_some() { "request" } else { "request cancelled" };
        line.extend_from_slice(message.as_bytes());
        line.extend_from_slice(br#"","listener":""#);
        line.extend_from_slice(self.listener.as_bytes());
        line.extend_from_slice(br#"","method":""#);
        line.extend_from_slice(self.method.as_bytes());
        line.extend_from_slice(br#"","route":"#);
        push_json(line, self.route);
        if let Some(status) = self.status {
            line.extend_from_slice(br#","status":"#);
            push_number(line, status.into());
        }
        line.extend_from_slice(br#","duration_ms":"#);
        let micros = u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX);
        push_number(line, micros / 1000);
        line.push(b'.');
        push_padded::<3>(line, micros % 1000);
        line.extend_from_slice(br#","request_id":""#);
        line.extend_from_slice(self.request_id.as_bytes());
        line.extend_from_slice(br#"","trace_id":""#);
        line.extend_from_slice(&self.context.trace_digits());
        line.extend_from_slice(b"\",\"target\":\"request\"}\n");
    }
}

fn push_time(line: &mut Vec<u8>, second: &mut Second, now: SystemTime) {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    if second.number != since.as_secs() || second.text.is_empty() {
        second.number = since.as_secs();
        second.text = humantime::format_rfc3339_seconds(now).to_string();
        second.text.truncate("2026-01-31T12:34:56".len());
    }
    line.extend_from_slice(second.text.as_bytes());
    line.push(b'.');
    push_padded::<6>(line, since.subsec_micros().into());
    line.push(b'Z');
}

/// A route may hold any character; most hold none that JSON would escape.
fn push_json(line: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        line.push(b'"');
        line.extend_from_slice(text.as_bytes());
        line.push(b'"');
        return;
    }
    let begun = line.len();
    if serde_json::to_writer(&mut *line, text).is_err() {
        // Memory takes everything; but half a string must not stay.
        line.truncate(begun);
        line.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(route: &str, status: Option<u16>, micros: u64, now: SystemTime) -> serde_json::Value {
        let (request_id, context) = (RequestId::random(), TraceContext::root());
        let duration = Duration::from_micros(micros);
        let line = RequestLine {
            listener: "public",
            method: "GET",
            route,
            status,
            duration,
            request_id: &request_id,
            context: &context,
        };
        let mut text = Vec::new();
        line.with_bytes(now, |bytes| text = bytes.to_vec());
        assert_eq!(text.pop(), Some(b'\n'));
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(value["request_id"], request_id.as_str());
        assert_eq!(value["trace_id"], format!("{:032x}", context.trace_id()));
        value
    }

    #[test]
    fn a_line_is_json_whatever_the_route_is_called() {
        for route in ["/config", "/a/{b}", "/quo\"te", "/back\\slash", "/new\nline", "/ü"] {
            assert_eq!(line(route, Some(200), 0, SystemTime::now())["route"], route);
        }
    }

    #[test]
    fn times_are_written_as_the_library_writes_them() {
        let moments = [0, 1, 999_999, 1_000_000, 951_782_400_000_001, 4_102_444_799_999_999];
        for micros in moments.into_iter().chain(moments) {
            let now = UNIX_EPOCH + Duration::from_micros(micros);
            let expected = humantime::format_rfc3339_micros(now).to_string();
            assert_eq!(line("/", Some(200), 0, now)["timestamp"], expected);
        }
    }

    #[test]
    fn durations_are_milliseconds_with_three_places() {
        for (micros, expected) in [(0, 0.0), (7, 0.007), (45, 0.045), (1_000, 1.0), (12_345_678, 12_345.678)]
        {
            assert_eq!(line("/", Some(503), micros, SystemTime::now())["duration_ms"], expected);
        }
    }

    #[test]
    fn without_an_answer_there_is_no_status() {
        let line = line("/", None, 1, SystemTime::now());
        assert_eq!((&line["message"], line.get("status")), (&"request cancelled".into(), None));
    }
}
