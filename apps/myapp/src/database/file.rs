//! The SQLite file as the only user's own: it holds the audit trail, and values of settings.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Read and written by the owner, nobody else.
const MODE: u32 = 0o600;
/// What SQLite adds to the file's name for files of its own. It makes them with the mode of the file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Creates the file at `path`, or closes one that others may open, whatever the umask. SQLite itself would create it for all
/// to read (0644 under the usual umask).
///
/// Best effort: a file of another owner, or in a place that may only be read, stays as it is, and what SQLite says of it
/// counts.
pub(super) fn make_private(path: &Path) {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return;
    }
    // Without this, nothing would create it but SQLite. One that is there is not opened: SQLite's locks of this process would end
    // when it is closed again (<https://www.sqlite.org/howtocorrupt.html>, 2.2).
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
    // A mode of fewer bits is somebody's choice, such as a file that may only be read.
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
