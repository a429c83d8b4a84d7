//! The forms in which programs print a secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

/// A shorter text is part of too many others.
pub(super) const MIN_LENGTH: usize = 4;

/// RFC 3986, Go, Python's `quote_plus`.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Python's `quote`.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');
/// JavaScript's `encodeURIComponent`.
const COMPONENT: &AsciiSet = &UNRESERVED.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');
/// HTML forms, Java's `URLEncoder`.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

pub(super) type Needle = Zeroizing<Vec<u8>>;

/// All forms of `secret`, none of them twice. It has at least [`MIN_LENGTH`] bytes.
pub(super) fn forms(secret: &str) -> Vec<Needle> {
    let mut forms = vec![Needle::new(secret.as_bytes().to_vec())];
    forms.extend(escaped_in_json(secret));
    for set in [UNRESERVED, PATH, COMPONENT, FORM] {
        forms.extend(encoded_in_url(secret, set));
    }
    for alignment in 0..3 {
        forms.push(in_base64(secret, alignment, |bytes| STANDARD_NO_PAD.encode(bytes)));
        forms.push(in_base64(secret, alignment, |bytes| URL_SAFE_NO_PAD.encode(bytes)));
    }
    forms.retain(|form| form.len() >= MIN_LENGTH);
    forms.sort_unstable_by(|a, b| a.as_slice().cmp(b.as_slice()));
    forms.dedup();
    forms
}

fn escaped_in_json(secret: &str) -> Option<Needle> {
    let quoted = Needle::new(serde_json::to_string(secret).ok()?.into_bytes());
    Some(Needle::new(quoted.get(1..quoted.len() - 1)?.to_vec()))
}

/// In upper and lower case, and with spaces as `+`.
fn encoded_in_url(secret: &str, set: &'static AsciiSet) -> [Needle; 4] {
    let mut upper = Needle::new(Vec::new());
    let mut lower = Needle::new(Vec::new());
    for part in percent_encode(secret.as_bytes(), set) {
        upper.extend_from_slice(part.as_bytes());
        match part.as_bytes() {
            [b'%', first, second] => {
                lower.extend([b'%', first.to_ascii_lowercase(), second.to_ascii_lowercase()]);
            }
            plain => lower.extend_from_slice(plain),
        }
    }
    let plus = |text: &Needle| Needle::new(replaced(text, b"%20", b"+"));
    let (upper_plus, lower_plus) = (plus(&upper), plus(&lower));
    [upper, lower, upper_plus, lower_plus]
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(from) {
            result.extend_from_slice(to);
            rest = after;
        } else {
            result.push(*first);
            rest = after;
        }
    }
    result
}

/// The digits that `secret` alone decides where `alignment` bytes of something else stand before it, modulo three.
fn in_base64(secret: &str, alignment: usize, encode: impl Fn(&[u8]) -> String) -> Needle {
    let mut bytes = Needle::new(vec![0; alignment]);
    bytes.extend_from_slice(secret.as_bytes());
    let digits = Zeroizing::new(encode(&bytes));
    // A digit has six bits.
    let (begin, end) = ((alignment * 8).div_ceil(6), bytes.len() * 8 / 6);
    Needle::new(digits.as_bytes().get(begin..end).unwrap_or_default().to_vec())
}
