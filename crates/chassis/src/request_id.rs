//! The name under which one request is found in logs and answers.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::trace_context::{TraceContext, TraceDigits, names};

/// Carries the id on requests and on every answer.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const LONGEST: usize = 64;

/// Id of a request, found in its extensions: the client's own when that is sane, else that of the trace that begins with
/// the request, else 128 random bits in hex.
///
/// The random bits tell requests apart; they are no secret and cannot be relied on as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Id);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Id {
    Sent(HeaderValue),
    /// Hex digits, kept in place: most requests bring no id.
    Made(TraceDigits),
}

impl RequestId {
    /// Sane is `[A-Za-z0-9._-]{1,64}`: nothing that could forge a log line or swell it.
    pub(crate) fn of(headers: &HeaderMap, parent: Option<&TraceContext>, context: &TraceContext) -> Self {
        let sent = if names(headers, &HEADER) { headers.get(&HEADER) } else { None };
        match (sent.filter(|id| is_sane(id.as_bytes())), parent) {
            (Some(id), _) => Self(Id::Sent(id.clone())),
            (None, None) => Self(Id::Made(context.trace_digits())),
            // Its trace has other requests too.
            (None, Some(_)) => Self::random(),
        }
    }

    pub(crate) fn random() -> Self {
        Self(Id::Made(TraceContext::root().trace_digits()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Both kinds are ASCII.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Id::Sent(value) => value.as_bytes(),
            Id::Made(digits) => digits.as_flattened(),
        }
    }

    /// Puts the id on an answer.
    pub(crate) fn mark(&self, headers: &mut HeaderMap) {
        let value = match &self.0 {
            Id::Sent(value) => Ok(value.clone()),
            Id::Made(digits) => HeaderValue::from_bytes(digits.as_flattened()),
        };
        // Hex digits are header characters.
        if let Ok(value) = value {
            headers.insert(HEADER, value);
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_sane(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
