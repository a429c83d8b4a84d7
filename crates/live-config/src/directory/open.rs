//! Folders and files by descriptor: what was opened is what is read, wherever its path leads meanwhile.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::Errno;
use zeroize::Zeroizing;

/// Larger than any value of a contract, far below what would hurt: a file beyond it is a mistake.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Nothing that is opened so can block: a FIFO without a writer would otherwise.
const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// An open folder.
pub(super) struct Folder(File);

/// Identity of a folder. The creation time is part of it, since a new folder may get the number of a removed one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    created: Option<SystemTime>,
}

/// A volume's `..data`. Each swap creates a new one.
pub(super) struct DataLink {
    pub(super) target: PathBuf,
    pub(super) made: Option<SystemTime>,
    inode: u64,
}

/// A file that was read whole.
pub(super) struct Contents {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) stamp: String,
}

impl Folder {
    /// Opens the folder that `path` leads to now.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(openat(CWD, path, FLAGS | OFlags::DIRECTORY, Mode::empty())?.into()))
    }

    /// Opens a folder by its path from this one.
    pub(super) fn folder(&self, path: &Path) -> io::Result<Self> {
        Ok(Self(openat(&self.0, path, FLAGS | OFlags::DIRECTORY, Mode::empty())?.into()))
    }

    /// Opens the folder `name`, unless that is a link.
    pub(super) fn folder_itself(&self, name: &str) -> io::Result<Self> {
        let flags = FLAGS | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        Ok(Self(openat(&self.0, name, flags, Mode::empty())?.into()))
    }

    /// Returns true if there is an entry `name`, be it a dangling link.
    pub(super) fn has(&self, name: &str) -> bool {
        !matches!(statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW), Err(Errno::NOENT))
    }

    pub(super) fn identity(&self) -> io::Result<Identity> {
        let metadata = self.0.metadata()?;
        let created = metadata.created().ok();
        Ok(Identity { device: metadata.dev(), inode: metadata.ino(), created })
    }

    /// The names of all entries, sorted.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let name = |entry: &CStr| OsStr::from_bytes(entry.to_bytes()).to_owned();
        let entries = Dir::read_from(&self.0)?.map(|entry| entry.map(|entry| name(entry.file_name())));
        let mut names = entries.collect::<Result<Vec<_>, Errno>>()?;
        names.retain(|name| name != "." && name != "..");
        names.sort();
        Ok(names)
    }

    /// The link `..data`; `None` where there is none, or something that is no link.
    pub(super) fn data_link(&self) -> io::Result<Option<DataLink>> {
        const NAME: &str = "..data";
        let target = match readlinkat(&self.0, NAME, Vec::new()) {
            Ok(target) => PathBuf::from(OsStr::from_bytes(target.to_bytes())),
            Err(Errno::NOENT | Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // The link itself, not where it leads.
        let stat = statat(&self.0, NAME, AtFlags::SYMLINK_NOFOLLOW)?;
        let seconds = u64::try_from(i128::from(stat.st_mtime)).ok();
        let nanoseconds = u32::try_from(i128::from(stat.st_mtime_nsec)).ok();
        let since = seconds.zip(nanoseconds).map(|(whole, rest)| Duration::new(whole, rest));
        let made = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
        Ok(Some(DataLink { target, made, inode: stat.st_ino }))
    }

    /// The bytes of a regular file of bounded size.
    ///
    /// # Errors
    /// The fault, as a lower-case fragment without anything of the file's content.
    pub(super) fn file(&self, name: &OsStr) -> Result<Contents, String> {
        let cannot_be_read = |error: io::Error| format!("cannot be read: {error}");
        let file = match openat(&self.0, name, FLAGS, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Err("is a dangling link".into()),
            // The errors for a socket and for a device without a driver.
            Err(Errno::NXIO | Errno::NODEV) => return Err("is not a regular file".into()),
            Err(error) => return Err(cannot_be_read(error.into())),
        };
        // Metadata of the open file: by now its name might lead to another one.
        let metadata = file.metadata().map_err(cannot_be_read)?;
        if metadata.is_dir() {
            return Err("is a directory where a file should be".into());
        }
        if !metadata.is_file() {
            return Err("is not a regular file".into());
        }
        let too_large = || format!("is a file of more than {MAX_FILE_BYTES} bytes");
        if metadata.len() > MAX_FILE_BYTES {
            return Err(too_large());
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES as usize + 1));
        // Bounded again, since the file may grow after it was measured; the capacity is never exceeded, so no copy of a
        // secret is left behind by a growing buffer.
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(cannot_be_read)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(too_large());
        }
        Ok(Contents { bytes, stamp: stamp(&metadata) })
    }
}

impl DataLink {
    /// Differs after each swap, even should a target's name return.
    pub(super) fn stamp(&self) -> String {
        format!("{} {:?} {}", self.inode, self.made, self.target.display())
    }
}

/// Differs after each change of a file: its change time cannot be set.
fn stamp(metadata: &Metadata) -> String {
    format!(
        "{} {} {}.{} {}.{}",
        metadata.dev(),
        metadata.ino(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec()
    )
}
