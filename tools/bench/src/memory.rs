//! The memory of a process, as the kernel counts it.

use std::fs;

use anyhow::{Context, Result};

/// In bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// Every page of it that is in memory (RSS): what a container's limit is roughly held against.
    pub(super) resident: u64,
    /// The same with pages that several processes share counted in parts (PSS).
    pub(super) proportional: u64,
}

impl Memory {
    pub(super) fn of(pid: u32) -> Result<Self> {
        let path = format!("/proc/{pid}/smaps_rollup");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        Self::parse(&text).with_context(|| format!("{path} has no Rss and Pss"))
    }

    /// The most that was ever resident at once, in bytes.
    pub(super) fn peak(pid: u32) -> Result<u64> {
        let path = format!("/proc/{pid}/status");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        Ok(kibibytes(&text, "VmHWM:").with_context(|| format!("{path} has no VmHWM"))? * 1024)
    }

    fn parse(rollup: &str) -> Option<Self> {
        Some(Self {
            resident: kibibytes(rollup, "Rss:")? * 1024,
            proportional: kibibytes(rollup, "Pss:")? * 1024,
        })
    }
}

fn kibibytes(rollup: &str, name: &str) -> Option<u64> {
    let value = rollup.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix("kB")?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn the_sums_are_read_and_not_their_parts() {
        let rollup = "559e1000-7ffc2000 ---p 00000000 00:00 0   [rollup]\n\
                      Rss:                3904 kB\nPss:                3100 kB\nPss_Dirty:           668 kB\n";
        let memory = Memory { resident: 3904 * 1024, proportional: 3100 * 1024 };
        assert_eq!(Memory::parse(rollup), Some(memory));
    }

    #[test]
    fn a_file_of_another_shape_is_no_answer() {
        assert_eq!(Memory::parse("Rss: 3904 kB\n"), None);
    }
}
