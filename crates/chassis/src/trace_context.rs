//! W3C Trace Context, level 2: the trace of a request, read from its headers and passed on in the calls that it causes.

pub(crate) mod state;

use std::num::{NonZeroU64, NonZeroU128};

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Length of a `traceparent` of version 00 in bytes: `00-<32 digits>-<16 digits>-<2 digits>`.
const LENGTH: usize = 55;

/// Hex digits of a trace id.
pub(crate) type TraceDigits = [[u8; 2]; 16];

const SAMPLED: u8 = 0b01;
const RANDOM: u8 = 0b10;

/// Position in a trace: trace id, span id and flags. Handlers find the context of their request in its extensions, and
/// [`inject`] it into the calls that they make.
///
/// The ids are no secret: their generator is predictable.
///
/// [`inject`]: Self::inject
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: NonZeroU128,
    span_id: NonZeroU64,
    flags: u8,
}

impl TraceContext {
    /// Reads the caller's context. `None` without a `traceparent`, with an invalid one, and with two of them.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        if !contains_header(headers, &TRACEPARENT) {
            return None;
        }
        let mut values = headers.get_all(&TRACEPARENT).iter();
        let only = values.next().filter(|_| values.next().is_none())?;
        Self::parse(only.as_bytes())
    }

    /// Child of `parent`, or the root of a new trace without a parent.
    #[must_use]
    pub fn following(parent: Option<&Self>) -> Self {
        parent.map_or_else(Self::root, Self::child)
    }

    /// Root of a new trace, not sampled.
    #[must_use]
    pub fn root() -> Self {
        Self { trace_id: random_trace_id(), span_id: random_span_id(), flags: RANDOM }
    }

    /// Child of this context, sampled if this one is.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { span_id: random_span_id(), ..*self }
    }

    /// Same context with this sampling decision.
    #[must_use]
    pub const fn with_sampled(mut self, sampled: bool) -> Self {
        self.flags = if sampled { self.flags | SAMPLED } else { self.flags & !SAMPLED };
        self
    }

    /// Id of the trace; as text, 32 hex digits.
    #[must_use]
    pub const fn trace_id(&self) -> NonZeroU128 {
        self.trace_id
    }

    /// Hex digits of the trace id.
    pub(crate) fn trace_digits(&self) -> TraceDigits {
        hex(self.trace_id.get().to_be_bytes())
    }

    /// Id of the span; as text, 16 hex digits.
    #[must_use]
    pub const fn span_id(&self) -> NonZeroU64 {
        self.span_id
    }

    /// True if the trace is sampled.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// Flags of the standard: 1 for sampled, 2 for a random trace id.
    #[must_use]
    pub const fn flags(&self) -> u8 {
        self.flags
    }

    /// Sets `traceparent` on an outgoing request, replacing an existing value.
    pub fn inject(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_bytes(&self.traceparent()) {
            headers.insert(TRACEPARENT, value);
        }
    }

    /// Text of a `traceparent` of version 00.
    #[must_use]
    pub fn traceparent(&self) -> [u8; LENGTH] {
        let mut text = [b'-'; LENGTH];
        text[..2].copy_from_slice(b"00");
        text[3..35].copy_from_slice(self.trace_digits().as_flattened());
        text[36..52].copy_from_slice(hex(self.span_id.get().to_be_bytes()).as_flattened());
        text[53..].copy_from_slice(hex([self.flags]).as_flattened());
        text
    }

    /// Parses a `traceparent`. A later version may add fields at the end; only its sampled flag has a known meaning.
    fn parse(text: &[u8]) -> Option<Self> {
        let (known, more) = text.split_at_checked(LENGTH)?;
        let fields = (&known[..2], &known[3..35], &known[36..52], &known[53..]);
        let (version, trace_id, span_id, flags) = fields;
        let flags_known = match read_hex(version)? {
            0 if more.is_empty() => SAMPLED | RANDOM,
            1..0xff if more.is_empty() || more[0] == b'-' => SAMPLED,
            _ => return None,
        };
        if [2, 35, 52].iter().any(|place| known[*place] != b'-') {
            return None;
        }
        let (high, low) = trace_id.split_at(16);
        let trace_id = NonZeroU128::new(u128::from(read_hex(high)?) << 64 | u128::from(read_hex(low)?))?;
        let span_id = NonZeroU64::new(read_hex(span_id)?)?;
        let flags = u8::try_from(read_hex(flags)?).ok()? & flags_known;
        Some(Self { trace_id, span_id, flags })
    }
}

/// True if `headers` contain `name`, for a name that most requests lack. Comparing it with the few present names costs less than
/// hashing it, and this runs for every request.
pub(crate) fn contains_header(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.keys().any(|known| known == name)
}

fn random_trace_id() -> NonZeroU128 {
    loop {
        if let Some(id) = NonZeroU128::new(fastrand::u128(..)) {
            return id;
        }
    }
}

fn random_span_id() -> NonZeroU64 {
    loop {
        if let Some(id) = NonZeroU64::new(fastrand::u64(..)) {
            return id;
        }
    }
}

/// Parses 16 lower-case hex digits at most.
fn read_hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Some(number << 4 | u64::from(digit - b'0')),
        b'a'..=b'f' => Some(number << 4 | u64::from(digit - b'a' + 10)),
        _ => None,
    })
}

/// Converts each byte to two hex digits. The standard library's formatter is many times slower, and this runs for every request.
fn hex<const N: usize>(bytes: [u8; N]) -> [[u8; 2]; N] {
    bytes.map(|byte| PAIRS[usize::from(byte)])
}

/// Hex digits of each byte.
static PAIRS: [[u8; 2]; 256] = pairs();

const fn pairs() -> [[u8; 2]; 256] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < pairs.len() {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 0xf]];
        byte += 1;
    }
    pairs
}
