//! Taking the cluster away without a trace, in whatever state it is.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use kit::ui;

use super::layout::{Record, State};
use super::preflight::MachineState;
use super::{cgroups, network};

/// Removes everything and then looks for what is left. The record goes last and only when nothing is, so that the
/// task can be called again.
///
/// # Errors
/// When something is left, naming all of it.
pub(super) fn run(state: &State) -> Result<()> {
    ui::say("stopping all processes of the cluster");
    cgroups::kill_all()?;
    cgroups::remove()?;
    let before = MachineState::read();
    if let Some(before) = &before {
        network::remove(before)?;
        before.restore()?;
    }
    remove_folder(&state.root)?;
    let left = left_over(state, before.as_ref())?;
    if !left.is_empty() {
        bail!("the cluster has left something behind:\n  {}", left.join("\n  "));
    }
    forget()?;
    ui::say("nothing is left of the cluster");
    Ok(())
}

/// Empties the record but for the lock, which the caller holds.
fn forget() -> Result<()> {
    remove_folder(&Record::processes())?;
    for entry in fs::read_dir(Record::root())?.flatten().filter(|entry| entry.path() != Record::lock()) {
        fs::remove_file(entry.path()).with_context(|| format!("cannot remove {}", entry.path().display()))?;
    }
    Ok(())
}

fn left_over(state: &State, before: Option<&MachineState>) -> Result<Vec<String>> {
    let mut left: Vec<_> = cgroups::processes().iter().map(|pid| format!("process {pid}")).collect();
    left.extend(cgroups::groups().iter().map(|group| format!("control group {}", group.display())));
    left.extend(mounts_of(state).map(|mount| format!("mount {mount}")));
    if state.root.exists() {
        left.push(format!("folder {}", state.root.display()));
    }
    if let Some(before) = before {
        left.extend(network::left_over(before)?);
        left.extend(before.left_over());
    }
    Ok(left)
}

/// None even while the cluster runs: its mounts are in a namespace of its own.
fn mounts_of(state: &State) -> impl Iterator<Item = String> {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let root = state.root.display().to_string();
    mounts.lines().filter(|line| line.contains(&root)).map(str::to_owned).collect::<Vec<_>>().into_iter()
}

fn remove_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
