use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use crate::databases::{Kind, Settings, borrowed};

/// A mounted projected volume.
pub(crate) struct Mount {
    directory: TempDir,
    generation: usize,
    /// Settings contained in every generation of files.
    kept: Settings,
}

impl Mount {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        Self::keeping(Settings::new(), files)
    }

    /// Creates a volume with the settings of that database, now and after every swap.
    pub(crate) fn of(kind: &Kind, files: &[(&str, &str)]) -> Self {
        Self::keeping(kind.files(), files)
    }

    fn keeping(kept: Settings, files: &[(&str, &str)]) -> Self {
        let mut mount = Self { directory: tempfile::tempdir().unwrap(), generation: 0, kept };
        for top in ["config", "secrets"] {
            symlink(format!("..data/{top}"), mount.path().join(top)).unwrap();
        }
        mount.swap(files);
        mount
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn flag(&self) -> String {
        format!("--config-dir={}", self.path().display())
    }

    pub(crate) fn swap(&mut self, files: &[(&str, &str)]) {
        self.generation += 1;
        let folder = format!("..{}", self.generation);
        for top in ["config", "secrets"] {
            std::fs::create_dir_all(self.path().join(&folder).join(top)).unwrap();
        }
        for (name, text) in borrowed(&self.kept).iter().chain(files) {
            std::fs::write(self.path().join(&folder).join(name), text).unwrap();
        }
        symlink(&folder, self.path().join("..data_tmp")).unwrap();
        std::fs::rename(self.path().join("..data_tmp"), self.path().join("..data")).unwrap();
    }
}
