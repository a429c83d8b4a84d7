//! Comparison of secrets without revealing them.
//!
//! Anyone who can guess the key of a fingerprint can use it to check guesses of the value, or of the key itself, offline.
//! Therefore fingerprints are made under a strong `SECRET_KEY` only, and never of that key's own value. In every other case a
//! mark is used instead, made under a random key that never leaves the process.

mod strength;

use hmac::{Hmac, KeyInit as _, Mac as _};
use live_config::Secret;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::key_derivation;
pub(crate) use strength::is_weak;

/// Purpose of the derived key, which separates it from all other derived keys.
const PURPOSE: &[u8] = b"myapp: fingerprints of secrets";
/// Length in bytes. 48 bits are enough to distinguish values, and too few to look one up.
const LENGTH: usize = 6;
/// Prefix of each mark, which shows that marks of different processes are not comparable.
const MARK: &str = "mark-";

/// Computes the fingerprints and marks of one process.
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

    /// Returns the form in which the history stores `value`: its fingerprint if `secret_key` is strong and a different value,
    /// else its mark.
    pub(crate) fn of(&self, secret_key: &Secret, value: &Secret) -> String {
        let mark = self.mark(value);
        if is_weak(secret_key) || self.mark(secret_key) == mark {
            mark
        } else {
            fingerprint(secret_key, value)
        }
    }

    /// Returns `mark-` and 12 hex digits: equal for equal values within this process, and of no use outside of it.
    pub(crate) fn mark(&self, value: &Secret) -> String {
        let digits = self.marks.clone().map(|mac| digits(mac, value)).unwrap_or_default();
        format!("{MARK}{digits}")
    }
}

/// HMAC-SHA256 of `value` under a key derived from `secret_key` (HKDF-SHA256), the first 12 hex digits: equal for equal
/// values under the same key.
fn fingerprint(secret_key: &Secret, value: &Secret) -> String {
    digits(key_derivation::mac(secret_key, PURPOSE), value)
}

fn digits(mac: Hmac<Sha256>, value: &Secret) -> String {
    let tag = mac.chain_update(value.expose()).finalize().into_bytes();
    tag.iter().take(LENGTH).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
