//! Resistance of a key to offline guessing.

use std::collections::BTreeSet;

use live_config::Secret;

/// Minimum bytes of a strong key: the length of a SHA-256 digest, below which RFC 2104 (section 3) strongly discourages a key of
/// HMAC. NIST SP 800-107 (revision 1, 5.3.4) requires a security strength of 112 bits, which this number of bytes has even if
/// each is a random hex digit.
const MIN_BYTES: usize = 32;
/// Minimum number of different bytes, and of different steps from one byte to the next. Of random keys of 32 hex digits, one in
/// millions has fewer; `0123456789…`, `aaaa…` and a repeated short word have fewer.
const MIN_DISTINCT_BYTES: usize = 8;

/// Returns true if `key` can be guessed from a value computed under it. Recognises short keys and plain patterns; a long sentence
/// out of a book passes.
pub(crate) fn is_weak(key: &Secret) -> bool {
    let bytes = key.expose().as_bytes();
    bytes.len() < MIN_BYTES || variety(bytes) < MIN_DISTINCT_BYTES || is_repetition(bytes)
}

/// Returns the number of different bytes, or of different steps between neighbours, whichever is less.
fn variety(bytes: &[u8]) -> usize {
    let values = bytes.iter().collect::<BTreeSet<_>>().len();
    let steps = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect::<BTreeSet<_>>().len();
    values.min(steps)
}

/// Returns true if the bytes are a repetition of a text of at most half their length.
fn is_repetition(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| bytes[period..] == bytes[..bytes.len() - period])
}

#[cfg(test)]
mod tests {
    use super::is_weak;

    fn weak(key: &str) -> bool {
        is_weak(&key.to_owned().into())
    }

    #[test]
    fn short_and_patterned_keys_are_weak() {
        for key in [
            "",
            "k",
            "xyz",
            "Secr3tXyz",
            "correct horse battery staple..",
            "f4b7c9a1e8d2035669fe07ab41c3d8b",
            "12345678901234567890123456789012",
            "0123456789abcdef0123456789abcdef",
            "abcdefghijklmnopqrstuvwxyzABCDEF",
            "changeme-changeme-changeme-changeme",
            &"a".repeat(4096),
            &"Tr0ub4dor&3-Tr0u".repeat(3),
        ] {
            assert!(weak(key), "{key}");
        }
    }

    #[test]
    fn random_keys_of_the_usual_forms_are_strong() {
        for key in [
            // openssl rand -hex 16, openssl rand -hex 32, openssl rand -base64 32, uuidgen
            "8c1f3e0b7a92d465f0c8e37b19ad5264",
            "d1f0c6a5b27e48930fe1c2d3a4958677bd0e1f2a3c4b5d6978890a1b2c3d4e5f",
            "k3Jv0wq9Zr1Hc8mTt5Yx2uBnE7aGfLsDdPpO4iKjW6Q=",
            "3b1e6f0a-94c7-4d28-8e5b-f1a2c7d09e63",
        ] {
            assert!(!weak(key), "{key}");
        }
        for _ in 0..10_000 {
            let mut random = [0; 16];
            getrandom::fill(&mut random).unwrap();
            let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(!weak(&hex), "{hex}");
        }
    }
}
