//! What travels beside a `traceparent`.

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// What the standard asks to be passed on at least; more is let go rather than carried along.
const LONGEST: usize = 512;

const MOST_MEMBERS: usize = 32;

/// What the tracing systems before this service say among themselves (`tracestate`): passed on as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceState(HeaderValue);

impl TraceState {
    /// The caller's, to be read only beside a valid `traceparent`. None when there is none, or when it breaks the
    /// standard or is longer than 512 bytes: the standard lets go of all of it then.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(&TRACESTATE).iter();
        let first = values.next()?;
        let value = match values.next() {
            None => first.clone(),
            Some(second) => joined([first, second].into_iter().chain(values))?,
        };
        is_sane(value.to_str().ok()?).then_some(Self(value))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Passes it on in the headers of a call, beside the context's own.
    pub fn inject(&self, headers: &mut HeaderMap) {
        headers.insert(TRACESTATE, self.0.clone());
    }
}

/// Header lines of one name are one list (RFC 9110, 5.3).
fn joined<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> Option<HeaderValue> {
    let lines: Vec<_> = lines.map(HeaderValue::as_bytes).collect();
    HeaderValue::from_bytes(&lines.join(&b',')).ok()
}

fn is_sane(list: &str) -> bool {
    let members =
        || list.split(',').map(|member| member.trim_matches([' ', '\t'])).filter(|it| !it.is_empty());
    list.len() <= LONGEST && (1..=MOST_MEMBERS).contains(&members().count()) && members().all(is_member)
}

fn is_member(member: &str) -> bool {
    member.split_once('=').is_some_and(|(key, value)| is_key(key) && is_value(value))
}

/// As level 2 of the standard has it, where a tenant is no longer a part of its own.
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
