//! How secrets are compared without being shown.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use live_config::Secret;
use sha2::Sha256;

/// What the derived key is for, so that it is no other key's.
const PURPOSE: &[u8] = b"myapp: fingerprints of secrets";
/// 48 bits: enough to tell values apart, too few to look one up by.
const LENGTH: usize = 6;

/// HMAC-SHA256 of `value` under a key derived from `secret_key` (HKDF-SHA256), the first 12 hex digits. Equal for equal
/// values under the same key, and of no use to anyone without it.
pub(crate) fn fingerprint(secret_key: &Secret, value: &str) -> String {
    let mut key = [0; 64];
    // Fails for more than 255 times the length of a digest only.
    let _ = Hkdf::<Sha256>::new(None, secret_key.expose().as_bytes()).expand(PURPOSE, &mut key);
    let mut mac = Hmac::<Sha256>::new(&key.into());
    mac.update(value.as_bytes());
    mac.finalize().into_bytes().iter().take(LENGTH).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        text.to_owned().into()
    }

    #[test]
    fn equal_values_have_equal_fingerprints_under_the_same_key_only() {
        let one = fingerprint(&secret("key"), "hush");
        assert_eq!(one, fingerprint(&secret("key"), "hush"));
        assert_ne!(one, fingerprint(&secret("key"), "hush!"));
        assert_ne!(one, fingerprint(&secret("another"), "hush"));
        assert!(one.len() == 12 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
    }

    #[test]
    fn the_fingerprint_is_the_published_formula() {
        // key=$(openssl kdf -keylen 64 -kdfopt digest:SHA256 -kdfopt key:key -kdfopt salt: \
        //     -kdfopt info:'myapp: fingerprints of secrets' -binary HKDF | od -An -tx1 -v | tr -d ' \n')
        // printf hush | openssl dgst -sha256 -mac HMAC -macopt hexkey:$key
        assert_eq!(fingerprint(&secret("key"), "hush"), "1d70c1f5692b");
    }
}
