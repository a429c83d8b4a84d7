//! Blocks of IPv4 addresses.

use std::net::Ipv4Addr;

/// A block such as `10.0.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    first: u32,
    length: u32,
}

impl Block {
    /// Everything.
    pub(super) const ALL: Self = Self { first: 0, length: 0 };

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let length: u32 = length.parse().ok().filter(|length| *length <= u32::BITS)?;
        let first = u32::from(address.parse::<Ipv4Addr>().ok()?) & mask(length);
        Some(Self { first, length })
    }

    pub(super) fn contains(self, other: Self) -> bool {
        self.length <= other.length && other.first & mask(self.length) == self.first
    }

    /// Blocks are powers of two, so that of two that share an address one contains the other.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }
}

fn mask(length: u32) -> u32 {
    u32::MAX.checked_shl(u32::BITS - length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block {
        Block::parse(text).unwrap()
    }

    #[test]
    fn block_contains_parts_and_overlap_is_symmetric() {
        assert!(block("10.0.0.0/16").contains(block("10.0.3.0/24")));
        assert!(!block("10.0.3.0/24").contains(block("10.0.0.0/16")));
        assert!(block("10.0.3.0/24").overlaps(block("10.0.0.0/16")));
        assert!(!block("10.0.0.0/16").overlaps(block("10.1.0.0/16")));
    }

    #[test]
    fn everything_contains_every_block_and_itself() {
        assert!(Block::ALL.contains(block("203.0.113.7/32")) && Block::ALL.contains(Block::ALL));
        assert_eq!(block("0.0.0.0/0"), Block::ALL);
    }

    #[test]
    fn what_is_no_block_is_none() {
        for text in ["10.0.0.0", "10.0.0.0/33", "::/0", "10.0.0/8", ""] {
            assert_eq!(Block::parse(text), None, "{text}");
        }
    }
}
