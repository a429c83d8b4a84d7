use tempfile::TempDir;
use test_support::kubelet_volume::KubeletVolume;

use crate::databases::{Kind, Settings, borrowed};

/// A mounted projected volume.
pub(crate) struct Mount {
    directory: TempDir,
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
        let mount = Self { directory: tempfile::tempdir().unwrap(), kept };
        mount.swap(files);
        mount
    }

    pub(crate) fn flag(&self) -> String {
        format!("--config-dir={}", self.directory.path().display())
    }

    pub(crate) fn swap(&self, files: &[(&str, &str)]) {
        let files = [borrowed(&self.kept), files.to_vec()].concat();
        KubeletVolume::new(self.directory.path()).write(&files).unwrap();
    }
}
