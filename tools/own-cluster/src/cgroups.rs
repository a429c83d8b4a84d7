//! The control groups all processes of the cluster live in: the one way to find every one of them after a crash.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use kit::wait;
use rustix::process::{Pid, Signal, kill_process};

use super::layout::CGROUP;

const DEADLINE: Duration = Duration::from_secs(15);

/// A group that pods are not in; on cgroup v2 a group with subgroups must not hold processes itself.
const COMPONENTS: &str = "components";

struct Hierarchy {
    root: PathBuf,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// Makes the cluster's group in every hierarchy: the kubelet insists that its root exists in all of them.
pub(super) fn create() -> Result<()> {
    for hierarchy in hierarchies() {
        let group = hierarchy.root.join(CGROUP);
        fs::create_dir_all(&group).with_context(|| format!("cannot create {}", group.display()))?;
        match hierarchy.version {
            Version::V1 => inherit_cpuset(&hierarchy.root, &group)?,
            Version::V2 => delegate(&hierarchy.root),
        }
    }
    fs::create_dir_all(of_components()).context("this machine has no control groups mounted")
}

/// The group that components put themselves into, and with them all that they start.
pub(super) fn of_components() -> PathBuf {
    tracking().map(|hierarchy| hierarchy.root.join(CGROUP).join(COMPONENTS)).unwrap_or_default()
}

/// Every process of the cluster, pods included.
pub(super) fn processes() -> Vec<u32> {
    let mut pids: Vec<u32> = groups()
        .iter()
        .filter_map(|group| fs::read_to_string(group.join("cgroup.procs")).ok())
        .flat_map(|text| text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<_>>())
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

pub(super) fn kill_all() -> Result<()> {
    wait::until_true("all processes of the cluster to be gone", DEADLINE, || {
        let left = processes();
        left.iter().for_each(|pid| kill(*pid));
        Ok(left.is_empty())
    })
}

fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may go between the look and the signal, which is as good.
        kill_process(pid, Signal::KILL).ok();
    }
}

/// The kernel needs a moment to let go of a group whose last process has ended.
pub(super) fn remove() -> Result<()> {
    wait::until_true("the control groups of the cluster to be removable", DEADLINE, || {
        groups().iter().rev().for_each(|group| {
            fs::remove_dir(group).ok();
        });
        Ok(groups().is_empty())
    })
}

/// All groups of the cluster that exist, each before those in it.
pub(super) fn groups() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for hierarchy in hierarchies() {
        collect(&hierarchy.root.join(CGROUP), &mut found);
    }
    found
}

fn collect(group: &Path, found: &mut Vec<PathBuf>) {
    let entries = match fs::read_dir(group) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return,
        Err(_) => return found.push(group.to_owned()),
    };
    found.push(group.to_owned());
    for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        collect(&entry.path(), found);
    }
}

/// A new cpuset has no processors, and nothing can be put into it, until it is given some.
fn inherit_cpuset(parent: &Path, group: &Path) -> Result<()> {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        if let Ok(value) = fs::read(parent.join(file)) {
            fs::write(group.join(file), value).with_context(|| format!("cannot set {file}"))?;
        }
    }
    Ok(())
}

/// Controllers reach a group only when its parents pass them on. One that cannot be passed on may not be needed: the
/// kubelet says so when it is.
fn delegate(root: &Path) {
    let available = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
    for group in [root.to_owned(), root.join(CGROUP)] {
        for controller in available.split_whitespace() {
            fs::write(group.join("cgroup.subtree_control"), format!("+{controller}")).ok();
        }
    }
}

/// The hierarchy in which components are kept: the only one, or on v1 one that every kubelet needs.
fn tracking() -> Option<Hierarchy> {
    let all = hierarchies();
    let v1 = all.iter().any(|hierarchy| hierarchy.version == Version::V1);
    all.into_iter().find(|hierarchy| !v1 || hierarchy.root.ends_with("pids"))
}

fn hierarchies() -> Vec<Hierarchy> {
    fs::read_to_string("/proc/mounts").map(|mounts| hierarchies_in(&mounts)).unwrap_or_default()
}

fn hierarchies_in(mounts: &str) -> Vec<Hierarchy> {
    let hierarchy = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let root = PathBuf::from(words.next()?);
        let version = match words.next()? {
            "cgroup" => Version::V1,
            "cgroup2" => Version::V2,
            _ => return None,
        };
        Some(Hierarchy { root, version })
    };
    mounts.lines().filter_map(hierarchy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_of_both_versions_are_found() {
        let mounts = "proc /proc proc rw 0 0\ncgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        let found: Vec<_> = hierarchies_in(mounts).into_iter().map(|h| (h.root, h.version)).collect();
        assert_eq!(
            found,
            [
                (PathBuf::from("/sys/fs/cgroup/pids"), Version::V1),
                (PathBuf::from("/sys/fs/cgroup/unified"), Version::V2)
            ]
        );
    }
}
