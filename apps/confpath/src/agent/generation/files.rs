//! Files of a generation: readable by owner and group, writable by nobody.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

const FILE: u32 = 0o440;
const DIRECTORY: u32 = 0o550;
/// A directory that the agent changes.
const OPEN_DIRECTORY: u32 = 0o750;

/// Makes a directory and its parents; one that is there keeps its permissions.
pub(super) fn make_directories(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(OPEN_DIRECTORY).create(path)
}

/// Makes a directory that only this user enters, until it is closed.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Writes a file that is not there yet.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(path)?;
    file.write_all(bytes)?;
    // Whatever the process's umask is.
    file.set_permissions(Permissions::from_mode(FILE))
}

/// Links every file of one directory, and of those below it, into another, but for names in `without` at the top.
pub(super) fn link_all(from: &Path, to: &Path, without: &[&str]) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            make_directory(&target)?;
            link_all(&entry.path(), &target, &[])?;
        } else if !without.iter().any(|name| entry.file_name() == *name) {
            fs::hard_link(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Has nobody add a file to a directory or to one below it.
pub(super) fn close_directories(path: &Path) -> io::Result<()> {
    set_mode_of_directories(path, DIRECTORY)
}

/// Removes a directory that may be closed, or a file.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return fs::remove_file(path);
    }
    set_mode_of_directories(path, OPEN_DIRECTORY)?;
    fs::remove_dir_all(path)
}

/// Takes a file that is not there for one that was removed.
pub(super) fn ignore_missing(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn set_mode_of_directories(path: &Path, mode: u32) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            set_mode_of_directories(&entry.path(), mode)?;
        }
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}
