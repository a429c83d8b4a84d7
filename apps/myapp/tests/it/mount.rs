use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

/// A mounted projected volume.
pub(crate) struct Mount {
    directory: TempDir,
    generation: usize,
}

impl Mount {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let mut mount = Self { directory: tempfile::tempdir().unwrap(), generation: 0 };
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
        for (name, text) in files {
            std::fs::write(self.path().join(&folder).join(name), text).unwrap();
        }
        symlink(&folder, self.path().join("..data_tmp")).unwrap();
        std::fs::rename(self.path().join("..data_tmp"), self.path().join("..data")).unwrap();
    }
}
