//! The SQLite file that a session has open, compared with the file at its path.
//!
//! A file that is removed or replaced under a session still accepts records, which are lost when the session ends.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use tokio::fs::{metadata, remove_file};

/// Suffixes of the write-ahead log and of its index.
const LOG: &str = "-wal";
const INDEX: &str = "-shm";

/// Device and inode: identify a file for as long as it is open, even if its path leads to another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

/// A file and its write-ahead log, as they were when opened.
pub(super) struct OpenFile {
    path: PathBuf,
    file: Identity,
    log: Option<Identity>,
    /// Greatest size seen: a shorter file was truncated.
    size: u64,
}

/// Returns the identity of the file at a path now.
pub(super) async fn at(path: &Path) -> Option<Identity> {
    look(path).await.map(|(identity, _)| identity)
}

impl OpenFile {
    /// Describes the file that a session has just opened at `path`, if `before` was at the path before the open; `None` if the
    /// session may have opened another file.
    pub(super) async fn opened(path: &Path, before: Option<Identity>) -> Option<Self> {
        let (file, size) = look(path).await?;
        let log = at(&beside(path, LOG)).await;
        (before == Some(file)).then(|| Self { path: path.to_path_buf(), file, log, size })
    }

    /// Returns true if the path leads to the open file and log, and the file was not truncated.
    pub(super) async fn is_in_place(&mut self) -> bool {
        let Some((file, size)) = look(&self.path).await else { return false };
        let has_log = self.log.is_none() || at(&beside(&self.path, LOG)).await == self.log;
        let is_whole = size >= self.size;
        self.size = self.size.max(size);
        file == self.file && has_log && is_whole
    }

    /// Returns true if the path leads to another file, or to none.
    pub(super) async fn has_moved(&self) -> bool {
        at(&self.path).await != Some(self.file)
    }

    /// Removes files that would damage the next database: a log without its file, and an empty file. SQLite would write the log
    /// of the old file into either when the last session is closed or the next one is opened.
    pub(super) async fn clear_away(&self) -> io::Result<()> {
        let mut found = look(&self.path).await;
        if found == Some((self.file, 0)) {
            remove_file(&self.path).await?;
            found = None;
        }
        let log = beside(&self.path, LOG);
        let is_gone = found.is_none_or(|(file, _)| file != self.file);
        if is_gone && self.log.is_some() && at(&log).await == self.log {
            remove_file(&log).await?;
            remove_file(beside(&self.path, INDEX)).await?;
        }
        Ok(())
    }
}

/// Reads the metadata without opening the file: closing it would release SQLite's locks of this process.
async fn look(path: &Path) -> Option<(Identity, u64)> {
    let found = metadata(path).await.ok()?;
    Some((Identity { device: found.dev(), inode: found.ino() }, found.size()))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
