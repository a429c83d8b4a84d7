//! The name under which one request is found in logs and answers.

use std::fmt::{self, Write as _};

use axum::body::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Carries the id on requests and on every answer.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const LONGEST: usize = 64;

/// Id of a request, found in its extensions: the client's own when that is sane, else 128 random bits in hex.
///
/// The random bits tell requests apart; they are no secret and cannot be relied on as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// Sane is `[A-Za-z0-9._-]{1,64}`: nothing that could forge a log line or swell it.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(&HEADER).filter(|id| is_sane(id.as_bytes()));
        sent.map_or_else(Self::random, |id| Self(id.clone()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Puts the id on an answer.
    pub(crate) fn mark(&self, headers: &mut HeaderMap) {
        headers.insert(HEADER, self.0.clone());
    }

    fn random() -> Self {
        let mut text = String::with_capacity(32);
        // Writing to a String cannot fail, and hex digits are header characters.
        let _ = write!(text, "{:032x}", fastrand::u128(..));
        let value = HeaderValue::from_maybe_shared(Bytes::from(text));
        Self(value.unwrap_or(HeaderValue::from_static("none")))
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
