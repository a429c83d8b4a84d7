//! Files that are to be in a repository.

use std::path::PathBuf;

/// The files of a repository as they are to be.
#[derive(Default)]
pub(crate) struct Targets {
    /// Files with their whole text.
    pub(crate) files: Vec<Target>,
    /// Folders in which every other file is left from before.
    pub(crate) owned_folders: Vec<PathBuf>,
}

/// A file as it is to be.
pub(crate) struct Target {
    /// Path relative to the folder of the description.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Targets {
    pub(super) fn add(&mut self, path: impl Into<PathBuf>, text: String) {
        self.files.push(Target { path: path.into(), text });
    }
}
