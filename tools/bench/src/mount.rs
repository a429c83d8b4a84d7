//! A mounted directory that is swapped as the kubelet swaps a projected volume.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use kit::workspace;

/// Removed with its owner.
pub(super) struct Mount {
    path: PathBuf,
    generation: usize,
}

impl Mount {
    pub(super) fn new() -> Result<Self> {
        let path = workspace::root().join(format!("target/bench/mount-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        let mut mount = Self { path, generation: 0 };
        mount.swap()?;
        Ok(mount)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Another generation, with another value of a setting and another secret.
    pub(super) fn swap(&mut self) -> Result<()> {
        let old = self.path.join(format!("..{}", self.generation));
        self.generation += 1;
        let folder = format!("..{}", self.generation);
        for (name, text) in [
            ("config/MAX_CONNECTIONS", (self.generation % 1000 + 1).to_string()),
            ("secrets/SECRET_KEY", format!("key-{}", self.generation)),
        ] {
            let file = self.path.join(&folder).join(name);
            fs::create_dir_all(file.parent().unwrap_or(&self.path))?;
            fs::write(file, text)?;
        }
        symlink(&folder, self.path.join("..data_tmp"))?;
        fs::rename(self.path.join("..data_tmp"), self.path.join("..data"))?;
        fs::remove_dir_all(old).or_else(|error| if self.generation == 1 { Ok(()) } else { Err(error) })?;
        Ok(())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.path).ok();
    }
}
