//! Where a list goes on, as its clients hold it: opaque, and of use only where it was given out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use live_config::Secret;
use sha2::Sha256;

use crate::derived;
use crate::store::Position;

/// What the derived key is for, so that it is no other key's.
const PURPOSE: &[u8] = b"myapp: cursors of the operator API";
/// Bytes of a position, before those of its signature.
const POSITION: usize = size_of::<i64>();

/// Makes and reads the cursors of one list: of one route and its filters, under the `SECRET_KEY` in force.
pub(crate) struct Cursors(Hmac<Sha256>);

impl Cursors {
    /// `list` names route and filters in one form only.
    pub(crate) fn of(secret_key: &Secret, list: &str) -> Self {
        let mut mac = derived::mac(secret_key, PURPOSE);
        mac.update(list.as_bytes());
        // No text holds this byte, so that where the list's name ends is told by what was signed.
        mac.update(&[0xff]);
        Self(mac)
    }

    /// The position and its HMAC-SHA256, in the alphabet of base64 that needs no escape in a URL.
    pub(crate) fn write(&self, position: Position) -> String {
        let position = position.0.to_be_bytes();
        let tag = self.0.clone().chain_update(position).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([position.as_slice(), tag.as_slice()].concat())
    }

    /// The position; `None` for what this list has not given out under this key.
    pub(crate) fn read(&self, cursor: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (position, tag) = bytes.split_first_chunk::<POSITION>()?;
        self.0.clone().chain_update(position).verify_slice(tag).ok()?;
        Some(Position(i64::from_be_bytes(*position)))
    }
}

#[cfg(test)]
mod tests;
