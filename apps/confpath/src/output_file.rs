//! Files that are written whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Writes `text` to a file, which must be new unless `overwrites`. A file's permissions stay.
///
/// # Errors
/// The reason, as a sentence without a subject. The file is then as it was.
pub(crate) fn write(path: &Path, text: &str, overwrites: bool) -> Result<(), String> {
    let cannot = |error: io::Error| {
        let exists = error.kind() == ErrorKind::AlreadyExists;
        if exists { "exists already".to_owned() } else { format!("cannot be written: {error}") }
    };
    let name = path.file_name().ok_or("cannot be written: it has no name")?.to_string_lossy();
    // Beside it, so that both are on one file system.
    let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = write_draft(path, &draft, text)
        // A link, unlike a rename, never replaces a file that has appeared since.
        .and_then(|()| if overwrites { fs::rename(&draft, path) } else { fs::hard_link(&draft, path) });
    if !overwrites || written.is_err() {
        // It may never have been there.
        let _ = fs::remove_file(&draft);
    }
    written.map_err(cannot)
}

/// Writes as [`write`] does, and makes the folders that are missing.
///
/// # Errors
/// The reason, as a sentence without a subject.
pub(crate) fn write_below(path: &Path, text: &str, overwrites: bool) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).map_err(|error| format!("cannot be written: {error}"))?;
    write(path, text, overwrites)
}

/// Copies a program to `path`, which everyone may run and no one change; a file that is there is replaced.
///
/// # Errors
/// The reason, as a sentence without a subject. The file is then as it was.
pub(crate) fn write_program(path: &Path, mut program: fs::File) -> Result<(), String> {
    let name = path.file_name().ok_or("cannot be written: it has no name")?.to_string_lossy();
    // Always the same: in a container each process has the number 1, and a copy that was broken off is not left.
    let draft = path.with_file_name(format!(".{name}.draft"));
    let copied = (|| {
        if let Err(error) = fs::remove_file(&draft)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut copy = OpenOptions::new().write(true).create_new(true).open(&draft)?;
        io::copy(&mut program, &mut copy)?;
        #[cfg(unix)]
        copy.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o555))?;
        copy.sync_all()?;
        fs::rename(&draft, path)
    })();
    if copied.is_err() {
        // It may never have been there.
        let _ = fs::remove_file(&draft);
    }
    copied.map_err(|error| format!("cannot be written: {error}"))
}

fn write_draft(path: &Path, draft: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(draft)?;
    file.write_all(text.as_bytes())?;
    if let Ok(before) = fs::metadata(path) {
        file.set_permissions(before.permissions())?;
    }
    file.sync_all()
}
