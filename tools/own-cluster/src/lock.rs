//! One cluster per machine, one task at a time on it.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kit::ui;

use super::layout::Record;

/// Held until dropped.
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl Lock {
    /// Gives the lock back and removes the folder it is in, when there is nothing more to note about a cluster.
    pub(super) fn remove(self) -> Result<()> {
        fs::remove_dir_all(Record::root()).context("cannot remove the record of the cluster")
    }
}

/// Waits until no other task changes the cluster.
pub(super) fn acquire() -> Result<Lock> {
    loop {
        let root = Record::root();
        fs::create_dir_all(root).with_context(|| format!("cannot create {}", root.display()))?;
        let file = File::create(Record::lock())?;
        if file.try_lock().is_err() {
            ui::say("another task is at work on the cluster; waiting for it");
            file.lock()?;
        }
        // The task that held the lock may have been `down`, which removes the file: a lock on it binds nobody.
        let same = fs::metadata(Record::lock())
            .is_ok_and(|now| file.metadata().is_ok_and(|ours| ours.ino() == now.ino()));
        if same {
            return Ok(Lock(file));
        }
    }
}

/// The state folder of the cluster on this machine, running or what is left of it.
pub(super) fn owner() -> Option<PathBuf> {
    fs::read_to_string(Record::owner()).ok().map(PathBuf::from)
}

pub(super) fn claim(state: &Path) -> Result<()> {
    fs::write(Record::owner(), state.as_os_str().as_encoded_bytes())
        .context("cannot note whose cluster this is")
}
