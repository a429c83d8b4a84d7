//! One processor for the servers, another for the load: so neither takes time from the other.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Processors {
    pub(super) server: usize,
    pub(super) load: usize,
}

impl Processors {
    /// The first two that this process may use.
    ///
    /// # Errors
    /// There is only one.
    pub(super) fn find() -> Result<Self> {
        let status = fs::read_to_string("/proc/self/status")
            .context("cannot tell the processors; this needs Linux")?;
        let allowed =
            status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
        let [server, load, ..] = listed(allowed.trim())[..] else {
            bail!(
                "this process may use processor {} only; the comparison needs two, one for the server and one for the load",
                allowed.trim()
            );
        };
        Ok(Self { server, load })
    }
}

/// The program on that processor only. The command becomes it, so the process id stays; and it is told to end when this
/// process does, however that ends.
pub(super) fn pinned(processor: usize, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "taskset", "--cpu-list", &processor.to_string()]).arg(program);
    command
}

/// From the kernel's list format, such as `0-2,7`; what is not of it is left out.
fn listed(list: &str) -> Vec<usize> {
    let range = |part: &str| -> Option<std::ops::RangeInclusive<usize>> {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_listed_singly_and_in_ranges() {
        assert_eq!(listed("0-2,7"), [0, 1, 2, 7]);
        assert_eq!(listed("3"), [3]);
        assert_eq!(listed(""), [0; 0]);
    }

    #[test]
    fn a_pinned_program_may_use_its_processor_only() {
        // The first is there on every machine.
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
        let first = listed(allowed.trim())[0];
        let mut command = pinned(first, "grep");
        let output = command.args(["Cpus_allowed_list", "/proc/self/status"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("Cpus_allowed_list:\t{first}\n"));
    }
}
