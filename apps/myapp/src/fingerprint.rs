//! How secrets are compared without being shown.
//!
//! A fingerprint is of use to whoever can guess the key it was made under: each guess of a value, or of the key itself, is
//! checked offline. So a fingerprint is made under a strong `SECRET_KEY` only, and never of that key's own value. In every
//! other case a mark stands in its place, which is made under a random key that never leaves the process.

mod strength;

use hmac::{Hmac, KeyInit as _, Mac as _};
use live_config::Secret;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::derived;
pub(crate) use strength::is_weak;

/// What the derived key is for, so that it is no other key's.
const PURPOSE: &[u8] = b"myapp: fingerprints of secrets";
/// 48 bits: enough to tell values apart, too few to look one up by.
const LENGTH: usize = 6;
/// Begins each mark, so that nobody compares it with those of another process.
const MARK: &str = "mark-";

/// Makes the fingerprints and marks of one process.
pub(crate) struct Fingerprints {
    /// HMAC-SHA256 under a random key; `None` where the system has no random numbers.
    marks: Option<Hmac<Sha256>>,
}

impl Fingerprints {
    pub(crate) fn new() -> Self {
        let mut key = Zeroizing::new([0; 64]);
        let is_random = getrandom::fill(key.as_mut_slice()).is_ok();
        Self { marks: is_random.then(|| Hmac::new((&*key).into())) }
    }

    /// The form in which the history stores `value`: its fingerprint where `secret_key` is strong and another value, else
    /// its mark.
    pub(crate) fn of(&self, secret_key: &Secret, value: &Secret) -> String {
        let mark = self.mark(value);
        if is_weak(secret_key) || self.mark(secret_key) == mark {
            mark
        } else {
            fingerprint(secret_key, value)
        }
    }

    /// `mark-` and 12 hex digits: equal for equal values within this process, and of no use to anyone outside of it.
    pub(crate) fn mark(&self, value: &Secret) -> String {
        let digits = self.marks.clone().map(|mac| digits(mac, value)).unwrap_or_default();
        format!("{MARK}{digits}")
    }
}

/// HMAC-SHA256 of `value` under a key derived from `secret_key` (HKDF-SHA256), the first 12 hex digits: equal for equal
/// values under the same key.
fn fingerprint(secret_key: &Secret, value: &Secret) -> String {
    digits(derived::mac(secret_key, PURPOSE), value)
}

fn digits(mac: Hmac<Sha256>, value: &Secret) -> String {
    let tag = mac.chain_update(value.expose()).finalize().into_bytes();
    tag.iter().take(LENGTH).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
