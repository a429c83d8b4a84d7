use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The key under which a release publishes the seal of its other, non-secret keys.
pub const SEAL_KEY: &str = "CONFIG_SEAL";

/// SHA-256, in lower-case hex, over the lines `KEY=<SHA-256 of the raw value, hex>\n` of all entries, sorted by key.
///
/// It detects accidents: anyone who can edit the values can also edit a published seal.
pub fn seal<'a>(entries: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let sorted: BTreeMap<&str, &[u8]> = entries.into_iter().collect();
    let mut sum = Sha256::new();
    for (key, value) in sorted {
        sum.update(format!("{key}={}\n", hex(&Sha256::digest(value))));
    }
    hex(&sum.finalize())
}

/// The seal that the release published, beside the seal of the mounted files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// The seal that the release published; `None` where there is none.
    pub rendered: Option<String>,
    /// The seal computed over the raw bytes that were mounted.
    pub mounted: String,
}

impl Sums {
    /// Compares the seal of the mounted files with the seal of the release.
    pub fn release_state(&self) -> ReleaseState {
        match &self.rendered {
            None => ReleaseState::Unsealed,
            Some(rendered) if *rendered == self.mounted => ReleaseState::Matches,
            Some(_) => ReleaseState::Drifted,
        }
    }
}

/// Relation of the mounted configuration to the release that should have rendered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseState {
    /// The mounted files are the files that the release rendered.
    Matches,
    /// A value was edited outside of the release.
    Drifted,
    /// The release published no seal.
    Unsealed,
}

impl ReleaseState {
    /// The state as it is published.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matches => "matches",
            Self::Drifted => "drifted",
            Self::Unsealed => "unsealed",
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seal_follows_published_formula_in_any_order() {
        // printf 'A=%s\nB=%s\n' "$(printf 1 | sha256sum | cut -c-64)" "$(printf 2 | sha256sum | cut -c-64)" | sha256sum
        let expected = "df757bbb3cc91ab8";
        let forward = seal([("A", b"1".as_slice()), ("B", b"2")]);
        assert_eq!(forward, seal([("B", b"2".as_slice()), ("A", b"1")]));
        assert_eq!(&forward[..16], expected);
    }

    #[test]
    fn edit_is_drift_and_missing_seal_is_unsealed() {
        let mounted = seal([("A", b"1".as_slice())]);
        let sums =
            |rendered: Option<&str>| Sums { rendered: rendered.map(Into::into), mounted: mounted.clone() };
        assert_eq!(sums(Some(&mounted)).release_state(), ReleaseState::Matches);
        assert_eq!(sums(Some("another")).release_state(), ReleaseState::Drifted);
        assert_eq!(sums(None).release_state(), ReleaseState::Unsealed);
    }
}
