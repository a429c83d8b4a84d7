//! Processor time of a server, all its threads and child processes together, and of all other processes on its processor.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Since they were started. Exact to the kernel's tick, mostly 10 ms.
///
/// # Errors
/// The process is gone.
pub(super) fn of_tree(root: u32) -> Result<Duration> {
    let processes = all().context("cannot read /proc")?;
    if !processes.iter().any(|process| process.id == root) {
        anyhow::bail!("process {root} is gone");
    }
    let mut tree = vec![root];
    let mut next = 0;
    while let Some(&parent) = tree.get(next) {
        tree.extend(processes.iter().filter(|process| process.parent == parent).map(|process| process.id));
        next += 1;
    }
    let ticks: u64 =
        processes.iter().filter(|process| tree.contains(&process.id)).map(|process| process.ticks).sum();
    Ok(time(ticks))
}

/// During which the processor was not idle since the machine started, whoever used it.
pub(super) fn of_processor(number: usize) -> Result<Duration> {
    let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
    let ticks = not_idle(&stat, number).with_context(|| format!("/proc/stat has no processor {number}"))?;
    Ok(time(ticks))
}

fn time(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// See proc_stat(5). Of the ten fields, two are idle time, and the last two are part of the first two.
fn not_idle(stat: &str, processor: usize) -> Option<u64> {
    let name = format!("cpu{processor}");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)?.strip_prefix(' '))?;
    let fields: Vec<u64> = line.split(' ').map_while(|field| field.parse().ok()).collect();
    let [user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen, ..] = fields[..] else {
        return None;
    };
    Some(user + nice + system + interrupts + soft_interrupts + stolen)
}

#[derive(Debug, PartialEq, Eq)]
struct Process {
    id: u32,
    parent: u32,
    /// In user and kernel mode, threads that have ended included.
    ticks: u64,
}

fn all() -> std::io::Result<Vec<Process>> {
    let stats = fs::read_dir("/proc")?.flatten().filter_map(|entry| {
        entry.file_name().to_str()?.parse::<u32>().ok()?;
        // One that has ended since the directory was read is none of those that are measured.
        fs::read_to_string(entry.path().join("stat")).ok()
    });
    Ok(stats.filter_map(|stat| parse(&stat)).collect())
}

/// See proc_pid_stat(5). The name in parentheses may itself hold spaces and parentheses.
fn parse(stat: &str) -> Option<Process> {
    let (id, rest) = stat.split_once(' ')?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<_> = rest.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Process {
        id: id.parse().ok()?,
        parent: fields.get(1)?.parse().ok()?,
        ticks: number(11)? + number(12)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_parenthesis_shifts_no_field() {
        let stat = "7 (a) b) S 3 7 7 0 -1 4194560 9 8 7 6 30 12 0 0 20 0 1 0 100 0 0";
        assert_eq!(parse(stat), Some(Process { id: 7, parent: 3, ticks: 42 }));
    }

    #[test]
    fn idle_and_doubly_counted_time_is_excluded() {
        let stat =
            "cpu  9 9 9 9 9 9 9 9 9 9\ncpu1 1 2 4 1000 1000 8 16 32 1000 1000\ncpu10 0 0 0 0 0 0 0 0 0 0\n";
        assert_eq!(not_idle(stat, 1), Some(63));
        assert_eq!(not_idle(stat, 2), None);
    }

    #[test]
    fn the_time_of_a_grandchild_counts() {
        // It waits for one that waits for one that spins, and ends them with itself.
        let spin = ["20", "timeout", "20", "sh", "-c", "while :; do :; done"];
        let mut parent = std::process::Command::new("timeout").args(spin).spawn().unwrap();
        let spent = kit::wait::until_true("processor time of a grandchild", Duration::from_secs(10), || {
            Ok(of_tree(parent.id())? >= Duration::from_millis(50))
        });
        let own = all().unwrap().into_iter().find(|process| process.id == parent.id()).unwrap();
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&parent),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        parent.wait().unwrap();
        spent.unwrap();
        assert!(own.ticks < 5, "{own:?}");
    }

    #[test]
    fn a_process_that_is_gone_has_no_time() {
        assert!(of_tree(u32::MAX).is_err());
    }
}
