//! Comparison of generated files with those on disk, and their replacement.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::targets::Targets;
use crate::origin::Problem;
use crate::output_file;

/// A file that is not as it is to be.
pub(crate) struct FileState {
    pub(crate) path: PathBuf,
    pub(crate) state: State,
}

/// The difference of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// There is none.
    Missing,
    /// It has another text.
    Differs,
    /// It is left from before.
    Left,
}

impl State {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::Differs => "differs",
            Self::Left => "is left from before",
        }
    }
}

/// The files below `root` that are not as `targets` has them, sorted by path.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn compare(root: &Path, targets: &Targets) -> Result<Vec<FileState>, Problem> {
    let mut states = Vec::new();
    for target in &targets.files {
        let path = root.join(&target.path);
        let state = match fs::read(&path) {
            Ok(bytes) if bytes == target.text.as_bytes() => continue,
            Ok(_) => State::Differs,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::Missing,
            Err(error) => return Err(Problem::of_file(&path, format!("cannot be read: {error}"))),
        };
        states.push(FileState { path: target.path.clone(), state });
    }
    for folder in &targets.owned_folders {
        let mut found = Vec::new();
        files_below(root, folder, &mut found)
            .map_err(|error| Problem::of_file(&root.join(folder), format!("cannot be read: {error}")))?;
        let is_left = |path: &PathBuf| !targets.files.iter().any(|target| target.path == *path);
        let left = found.into_iter().filter(is_left);
        states.extend(left.map(|path| FileState { path, state: State::Left }));
    }
    states.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(states)
}

/// Brings the files of `states` to what `targets` has. Each is replaced by one rename, so that a reader finds it whole.
///
/// # Errors
/// The first file that cannot be written; those before it are.
pub(crate) fn apply(root: &Path, targets: &Targets, states: &[FileState]) -> Result<(), Problem> {
    for FileState { path, state } in states {
        let full = root.join(path);
        let done = match (state, targets.files.iter().find(|target| target.path == *path)) {
            (State::Left, _) | (_, None) => {
                fs::remove_file(&full).map_err(|error| format!("cannot be removed: {error}"))
            }
            (_, Some(target)) => output_file::write_below(&full, &target.text, true),
        };
        done.map_err(|reason| Problem::of_file(&full, reason))?;
    }
    Ok(())
}

fn files_below(root: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            files_below(root, &path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}
