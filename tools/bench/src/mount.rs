//! A mounted directory that is swapped as the kubelet swaps a projected volume.

use std::path::{Path, PathBuf};

use anyhow::Result;
use kit::workspace;
use test_support::kubelet_volume::KubeletVolume;

/// Removed with its owner.
pub(super) struct Mount {
    path: PathBuf,
    generation: usize,
}

impl Mount {
    pub(super) fn new() -> Result<Self> {
        let path = workspace::root().join(format!("target/bench/mount-{}", std::process::id()));
        let mut mount = Self { path, generation: 0 };
        mount.swap()?;
        Ok(mount)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Another generation, with another value of a setting and another secret.
    pub(super) fn swap(&mut self) -> Result<()> {
        self.generation += 1;
        let files = [
            ("config/MAX_CONNECTIONS", (self.generation % 1000 + 1).to_string()),
            ("secrets/SECRET_KEY", format!("key-{}", self.generation)),
        ];
        Ok(KubeletVolume::new(&self.path).write(&files)?)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.path).ok();
    }
}
