//! W3C Trace Context, level 2: which trace a request belongs to, as its headers say and as calls made for it must say.

mod state;

use std::num::{NonZeroU64, NonZeroU128};

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use state::TRACESTATE;
pub use state::TraceState;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Bytes of a `traceparent` of version 00: `00-<32 digits>-<16 digits>-<2 digits>`.
const LENGTH: usize = 55;

/// A trace id in hex.
pub(crate) type TraceDigits = [[u8; 2]; 16];

const SAMPLED: u8 = 0b01;
const RANDOM: u8 = 0b10;

/// A place in a trace. Handlers find that of their own request in the request's extensions, and [`inject`] it into the
/// calls that they make.
///
/// Its ids tell requests apart and are no secret: they come from a generator that can be foreseen.
///
/// [`inject`]: Self::inject
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: NonZeroU128,
    span_id: NonZeroU64,
    flags: u8,
}

impl TraceContext {
    /// The caller's context. None without a `traceparent`, with one that breaks the standard, and with two of them.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        if !names(headers, &TRACEPARENT) {
            return None;
        }
        let mut values = headers.get_all(&TRACEPARENT).iter();
        let only = values.next().filter(|_| values.next().is_none())?;
        Self::parse(only.as_bytes())
    }

    /// A new place below `parent`, or in a new trace without one.
    #[must_use]
    pub fn following(parent: Option<&Self>) -> Self {
        parent.map_or_else(Self::root, Self::child)
    }

    /// The first place of a new trace, not sampled.
    #[must_use]
    pub fn root() -> Self {
        Self { trace_id: random_trace_id(), span_id: random_span_id(), flags: RANDOM }
    }

    /// A new place below this one, sampled when this one is.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { span_id: random_span_id(), ..*self }
    }

    /// The same place with the decision that was made on it.
    #[must_use]
    pub const fn with_sampled(mut self, sampled: bool) -> Self {
        self.flags = if sampled { self.flags | SAMPLED } else { self.flags & !SAMPLED };
        self
    }

    /// Names the trace; in text, 32 digits of hex.
    #[must_use]
    pub const fn trace_id(&self) -> NonZeroU128 {
        self.trace_id
    }

    /// The trace's name in text.
    pub(crate) fn trace_digits(&self) -> TraceDigits {
        hex(self.trace_id.get().to_be_bytes())
    }

    /// Names the place in the trace; in text, 16 digits of hex.
    #[must_use]
    pub const fn span_id(&self) -> NonZeroU64 {
        self.span_id
    }

    /// Whether whoever decided on this trace wants its spans.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The flags of the standard that are known here: 1 for sampled, 2 for a random trace id.
    #[must_use]
    pub const fn flags(&self) -> u8 {
        self.flags
    }

    /// Names this place as the caller in the headers of a call, instead of any other that stands there.
    pub fn inject(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_bytes(&self.traceparent()) {
            headers.insert(TRACEPARENT, value);
        }
    }

    /// The text of a `traceparent`, of version 00.
    #[must_use]
    pub fn traceparent(&self) -> [u8; LENGTH] {
        let mut text = [b'-'; LENGTH];
        text[..2].copy_from_slice(b"00");
        text[3..35].copy_from_slice(self.trace_digits().as_flattened());
        text[36..52].copy_from_slice(hex(self.span_id.get().to_be_bytes()).as_flattened());
        text[53..].copy_from_slice(hex([self.flags]).as_flattened());
        text
    }

    /// A version to come may add fields at the end; of its flags only the sampled one is sure to keep its meaning.
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

/// Whether a name that most requests lack is among these: to compare it with the few that are there costs less than to hash
/// it, and this runs for every request.
pub(crate) fn names(headers: &HeaderMap, name: &HeaderName) -> bool {
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

/// Lower-case digits only, 16 at most.
fn read_hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Some(number << 4 | u64::from(digit - b'0')),
        b'a'..=b'f' => Some(number << 4 | u64::from(digit - b'a' + 10)),
        _ => None,
    })
}

/// Two digits a byte. The standard library's formatter takes many times as long, and this runs for every request.
fn hex<const N: usize>(bytes: [u8; N]) -> [[u8; 2]; N] {
    bytes.map(|byte| PAIRS[usize::from(byte)])
}

/// The two digits of each byte.
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
