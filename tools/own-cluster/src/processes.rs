//! Starting the components, and knowing a process again.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::components::Component;
use super::layout::{Record, State};

/// A process id alone says nothing: ids are used again. Together with the time of the start and the boot it is unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: u32,
    /// In clock ticks since the boot.
    started: u64,
    boot: String,
}

impl Process {
    /// Nothing when there is no such process, or only its exit status waiting to be read.
    fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(Self { pid, started: start_of_living(&stat)?, boot: boot.trim().to_owned() })
    }

    fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    fn to_line(&self) -> String {
        format!("{} {} {}", self.pid, self.started, self.boot)
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let pid = words.next()?.parse().ok()?;
        let started = words.next()?.parse().ok()?;
        Some(Self { pid, started, boot: words.next()?.to_owned() })
    }
}

pub(super) fn start(component: Component, state: &State) -> Result<()> {
    let mounts = recorded(Component::Mounts).map_or(0, |process| process.pid);
    let child = component.command(state, mounts).daemon(&state.log(component.name()))?;
    let process = Process::of(child.id()).with_context(|| format!("{} ended at once", component.name()))?;
    fs::create_dir_all(Record::processes())?;
    fs::write(record_of(component), process.to_line()).context("cannot record a process")
}

/// The component's process, if it runs.
pub(super) fn running(component: Component) -> Option<Process> {
    recorded(component).filter(Process::is_alive)
}

pub(super) fn any_running() -> bool {
    Component::ALL.into_iter().any(|component| running(component).is_some())
}

fn recorded(component: Component) -> Option<Process> {
    Process::from_line(&fs::read_to_string(record_of(component)).ok()?)
}

fn record_of(component: Component) -> PathBuf {
    Record::processes().join(component.name())
}

/// The start time in /proc/PID/stat, unless the process is dead. The name, in brackets, may hold anything.
fn start_of_living(stat: &str) -> Option<u64> {
    const STATE: usize = 0;
    const START: usize = 19;
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let dead = ["Z", "X"].contains(fields.get(STATE)?);
    if dead { None } else { fields.get(START)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (a) R b) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 777 1 1 1";

    #[test]
    fn bracket_in_a_name_shifts_no_field() {
        assert_eq!(start_of_living(STAT), Some(777));
    }

    #[test]
    fn a_zombie_is_not_alive() {
        assert_eq!(start_of_living(&STAT.replace(" S ", " Z ")), None);
    }

    #[test]
    fn a_process_is_known_again_from_its_record() {
        let this = Process::of(std::process::id()).unwrap();
        assert_eq!(Process::from_line(&this.to_line()), Some(this.clone()));
        assert!(this.is_alive());
    }

    #[test]
    fn reused_process_id_is_not_ours() {
        let this = Process::of(std::process::id()).unwrap();
        assert!(!Process { started: this.started + 1, ..this.clone() }.is_alive());
        assert!(!Process { boot: "earlier".to_owned(), ..this }.is_alive());
    }
}
