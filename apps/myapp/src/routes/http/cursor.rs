//! Pagination cursors: opaque to clients, and valid only for the list that issued them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use live_config::Secret;
use sha2::Sha256;

use crate::key_derivation;
use crate::store::Position;

/// Purpose of the derived key, which separates it from all other derived keys.
const PURPOSE: &[u8] = b"myapp: cursors of the operator API";
/// Length of a position in bytes; the signature follows.
const POSITION: usize = size_of::<i64>();

/// Creates and reads the cursors of one list: of one route and its filters, under the `SECRET_KEY` in force.
pub(crate) struct Cursors(Hmac<Sha256>);

impl Cursors {
    /// Creates the cursors of `list`, which names route and filters in one canonical form.
    pub(crate) fn of(secret_key: &Secret, list: &str) -> Self {
        let mut mac = key_derivation::mac(secret_key, PURPOSE);
        mac.update(list.as_bytes());
        // No text contains this byte, so the signature covers the end of the list's name.
        mac.update(&[0xff]);
        Self(mac)
    }

    /// Encodes the position and its HMAC-SHA256 in URL-safe base64.
    pub(crate) fn write(&self, position: Position) -> String {
        let position = position.0.to_be_bytes();
        let tag = self.0.clone().chain_update(position).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([position.as_slice(), tag.as_slice()].concat())
    }

    /// Returns the position; `None` for a cursor that this list did not issue under this key.
    pub(crate) fn read(&self, cursor: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (position, tag) = bytes.split_first_chunk::<POSITION>()?;
        self.0.clone().chain_update(position).verify_slice(tag).ok()?;
        Some(Position(i64::from_be_bytes(*position)))
    }
}

#[cfg(test)]
mod tests;
