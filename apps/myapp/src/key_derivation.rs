//! Keys derived from `SECRET_KEY`, one for each purpose: knowledge of one reveals nothing about another.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _};
use live_config::Secret;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Creates HMAC-SHA256 under the key that HKDF-SHA256 derives from `secret_key` for `purpose`. The derived key is erased here,
/// and the state computed from it when the HMAC is dropped (feature `zeroize` of `hmac` and `sha2`).
pub(crate) fn mac(secret_key: &Secret, purpose: &'static [u8]) -> Hmac<Sha256> {
    let mut key = Zeroizing::new([0; 64]);
    // Fails only for more than 255 times the length of a digest.
    let _ = Hkdf::<Sha256>::new(None, secret_key.expose().as_bytes()).expand(purpose, key.as_mut_slice());
    Hmac::new((&*key).into())
}
