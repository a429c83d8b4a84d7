//! Id of a request in logs and responses.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::trace_context::{TraceContext, TraceDigits, contains_header};

/// Header of the id on requests and on every response.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Maximum length of an id from a client.
const MAX_LENGTH: usize = 64;

/// Id of a request, stored in its extensions: the client's id if it is valid; otherwise the id of the trace, if the trace begins
/// with this request; otherwise 128 random bits in hex.
///
/// The random bits are predictable and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Id);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Id {
    Sent(HeaderValue),
    /// Hex digits without an allocation: most requests have no id.
    Made(TraceDigits),
}

impl RequestId {
    /// An id is valid if it matches `[A-Za-z0-9._-]{1,64}`, so that it can neither forge a log line nor inflate it.
    pub(crate) fn from_headers(
        headers: &HeaderMap,
        parent: Option<&TraceContext>,
        context: &TraceContext,
    ) -> Self {
        let sent = if contains_header(headers, &HEADER) { headers.get(&HEADER) } else { None };
        match (sent.filter(|id| is_valid(id.as_bytes())), parent) {
            (Some(id), _) => Self(Id::Sent(id.clone())),
            (None, None) => Self(Id::Made(context.trace_digits())),
            // The trace has other requests too.
            (None, Some(_)) => Self::random(),
        }
    }

    pub(crate) fn random() -> Self {
        Self(Id::Made(TraceContext::root().trace_digits()))
    }

    /// Text of the id.
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

    /// Adds the id to the headers of a response.
    pub(crate) fn insert_into(&self, headers: &mut HeaderMap) {
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

fn is_valid(id: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
