//! The name under which one request is found in logs and answers.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

/// Carries the id on requests and on every answer.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const LONGEST: usize = 64;

/// Id of a request, found in its extensions: the client's own when that is sane, else 128 random bits in hex.
///
/// The random bits tell requests apart; they are no secret and cannot be relied on as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Id);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Id {
    Sent(HeaderValue),
    /// Two hex digits a byte, kept in place: most requests bring no id.
    Made([[u8; 2]; 16]),
}

impl RequestId {
    /// Sane is `[A-Za-z0-9._-]{1,64}`: nothing that could forge a log line or swell it.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(&HEADER).filter(|id| is_sane(id.as_bytes()));
        Self(sent.map_or_else(|| Id::Made(hex(fastrand::u128(..).to_be_bytes())), |id| Id::Sent(id.clone())))
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

/// The standard library's formatter takes several times as long, and this runs for every request.
fn hex(bytes: [u8; 16]) -> [[u8; 2]; 16] {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    bytes.map(|byte| [byte >> 4, byte & 0xf].map(|digit| DIGITS[usize::from(digit)]))
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
