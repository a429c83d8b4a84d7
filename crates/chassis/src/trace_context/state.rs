//! `tracestate`, the vendor data beside a `traceparent`.

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Maximum length: the standard requires to pass on this much at least, and more is dropped.
const MAX_LENGTH: usize = 512;

/// Maximum number of list members, from the standard.
const MAX_MEMBERS: usize = 32;

/// Data of the tracing systems in front of this service (`tracestate`), passed on unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceState(HeaderValue);

impl TraceState {
    /// Reads the caller's `tracestate`; call it only beside a valid `traceparent`. `None` if there is none, if it is invalid, or if it
    /// is longer than 512 bytes: the standard then discards it whole.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(&TRACESTATE).iter();
        let first = values.next()?;
        let value = match values.next() {
            None => first.clone(),
            Some(second) => joined([first, second].into_iter().chain(values))?,
        };
        is_valid(value.to_str().ok()?).then_some(Self(value))
    }

    /// Text of the list.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Sets `tracestate` on an outgoing request, beside the `traceparent` of the context.
    pub fn inject(&self, headers: &mut HeaderMap) {
        headers.insert(TRACESTATE, self.0.clone());
    }
}

/// Joins header lines of one name to one list (RFC 9110, 5.3).
fn joined<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> Option<HeaderValue> {
    let lines: Vec<_> = lines.map(HeaderValue::as_bytes).collect();
    HeaderValue::from_bytes(&lines.join(&b',')).ok()
}

fn is_valid(list: &str) -> bool {
    let members =
        || list.split(',').map(|member| member.trim_matches([' ', '\t'])).filter(|it| !it.is_empty());
    list.len() <= MAX_LENGTH && (1..=MAX_MEMBERS).contains(&members().count()) && members().all(is_member)
}

fn is_member(member: &str) -> bool {
    member.split_once('=').is_some_and(|(key, value)| is_key(key) && is_value(value))
}

/// True for a key of level 2 of the standard, where a tenant is no longer a separate part.
fn is_key(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && key.len() <= 256
        && key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte))
}

fn is_value(value: &str) -> bool {
    (1..=256).contains(&value.len()) && value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'=')
}
