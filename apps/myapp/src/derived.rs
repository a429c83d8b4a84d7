//! Keys made from `SECRET_KEY`, one for each purpose: what is known of one says nothing about another.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _};
use live_config::Secret;
use sha2::Sha256;

/// HMAC-SHA256 under the key that HKDF-SHA256 derives from `secret_key` for `purpose`.
pub(crate) fn mac(secret_key: &Secret, purpose: &'static [u8]) -> Hmac<Sha256> {
    let mut key = [0; 64];
    // Fails for more than 255 times the length of a digest only.
    let _ = Hkdf::<Sha256>::new(None, secret_key.expose().as_bytes()).expand(purpose, &mut key);
    Hmac::new(&key.into())
}
