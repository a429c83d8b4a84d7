//! Permissions of the SQLite file. It holds the audit trail and values of settings, so only its owner may read it.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Read and write for the owner only.
const MODE: u32 = 0o600;
/// Suffixes of the files that SQLite creates next to its database. SQLite gives them the mode of the database file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Creates the file at `path` with a private mode, or restricts the mode of an existing file, whatever the umask. SQLite itself
/// would create a file that everyone may read (0644 under the usual umask).
///
/// Best effort: the mode of a file of another owner, or in a read-only place, does not change; SQLite then reports the error.
pub(super) fn make_private(path: &Path) {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return;
    }
    // Without this, SQLite would create the file. An existing file is not opened: closing it would release SQLite's locks of this
    // process (<https://www.sqlite.org/howtocorrupt.html>, 2.2).
    let _ = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
    let beside = BESIDE.map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    });
    for file in beside.iter().map(PathBuf::as_path).chain([path]) {
        let _ = close_to_others(file);
    }
}

fn close_to_others(file: &Path) -> io::Result<()> {
    let mode = fs::metadata(file)?.permissions().mode();
    // A mode with fewer bits is deliberate, such as that of a read-only file.
    if mode & 0o077 != 0 {
        fs::set_permissions(file, Permissions::from_mode(mode & 0o700))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn files_are_closed_to_all_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("own.db");
        make_private(&path);
        assert_eq!(mode(&path), 0o600);
        let wal = directory.path().join("own.db-wal");
        for (file, before) in [(&path, 0o666), (&wal, 0o644)] {
            fs::write(file, "kept").unwrap();
            fs::set_permissions(file, Permissions::from_mode(before)).unwrap();
        }
        make_private(&path);
        assert_eq!((mode(&path), mode(&wal)), (0o600, 0o600));
        assert_eq!(fs::read(&path).unwrap(), b"kept");
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        make_private(&path);
        assert_eq!(mode(&path), 0o400);
    }

    #[test]
    fn what_is_no_file_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        make_private(directory.path());
        assert_eq!(mode(directory.path()), 0o755);
        make_private(&directory.path().join("none/own.db"));
        assert!(!directory.path().join("none").exists());
    }
}
