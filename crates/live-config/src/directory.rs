//! A mounted directory as a source, read the way the kubelet writes it.
//!
//! The kubelet puts each generation of a volume into a folder of its own and swaps one link, `..data`, to it. What is
//! read through one resolution of that link is one generation; a swap in between is noticed, and the read begins again.
//! `config/` and `secrets/` may also be volumes of their own, each with its link: each is then whole, but two objects
//! that change together arrive together only in one projected volume.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{Contract, Origin, Problem, SEAL_KEY, Text};

/// Larger than any value of a contract, far below what would hurt: a file beyond it is a mistake.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Swaps come once a second at the most; a directory that changes during each of these reads is broken.
const MAX_ATTEMPTS: usize = 10;

/// What a directory holds.
#[derive(Default)]
pub(crate) struct Mounted {
    pub(crate) values: BTreeMap<String, (Text, Origin)>,
    /// Raw bytes of every file that is no secret, by key, the seal left out.
    pub(crate) raw: BTreeMap<String, Vec<u8>>,
    pub(crate) seal: Option<String>,
    /// Files whose names the contract does not have.
    pub(crate) unknown: Vec<PathBuf>,
    /// A digest of all of it, secrets and faults included: equal when nothing has changed.
    pub(crate) content: [u8; 32],
    /// When the kubelet made this generation's link; nothing for a plain directory.
    pub(crate) written: Option<SystemTime>,
}

/// Reads one generation of `directory`; what is wrong with it goes to `problems`.
pub(crate) fn read(contract: &Contract, directory: &Path, problems: &mut Vec<Problem>) -> Mounted {
    for _ in 0..MAX_ATTEMPTS {
        let mut reading = Reading {
            contract,
            directory,
            volumes: Vec::new(),
            mounted: Mounted::default(),
            problems: Vec::new(),
            content: Sha256::new(),
        };
        reading.whole();
        if reading.volumes.iter().all(|(folder, link)| DataLink::of(folder) == *link) {
            for problem in &reading.problems {
                reading.content.update(problem.to_string());
            }
            problems.append(&mut reading.problems);
            reading.mounted.content = reading.content.finalize().into();
            return reading.mounted;
        }
    }
    problems.push(directory_problem(directory, "changed during every attempt to read it"));
    Mounted::default()
}

/// A volume's `..data`. It is made anew with each swap, so that two that are equal are one, even should a name return.
#[derive(PartialEq)]
struct DataLink {
    inode: u64,
    made: Option<SystemTime>,
    target: PathBuf,
}

impl DataLink {
    fn of(folder: &Path) -> Option<Self> {
        let path = folder.join("..data");
        // The link itself, not where it leads.
        let link = fs::symlink_metadata(&path).ok()?;
        Some(Self { inode: link.ino(), made: link.modified().ok(), target: fs::read_link(&path).ok()? })
    }
}

/// Which files a folder of the directory may hold.
#[derive(Clone, Copy, PartialEq)]
enum Folder {
    Root,
    Config,
    Secrets,
}

impl Folder {
    fn below(self, root: &Path) -> PathBuf {
        match self {
            Self::Root => root.to_path_buf(),
            Self::Config => root.join("config"),
            Self::Secrets => root.join("secrets"),
        }
    }
}

/// One attempt.
struct Reading<'a> {
    contract: &'a Contract,
    directory: &'a Path,
    /// Every folder read so far, with the link that its content was read through.
    volumes: Vec<(PathBuf, Option<DataLink>)>,
    mounted: Mounted,
    problems: Vec<Problem>,
    content: Sha256,
}

impl Reading<'_> {
    fn whole(&mut self) {
        let root = self.enter(self.directory.to_path_buf());
        self.folder(&root, Folder::Root);
        for folder in [Folder::Config, Folder::Secrets] {
            let path = folder.below(&root);
            // What is there and no folder is a mistake: without this, its settings would silently be their defaults.
            let is_absent =
                fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
            if !is_absent {
                let path = self.enter(path);
                self.folder(&path, folder);
            }
        }
    }

    /// Where the content of `folder` is: behind its link, where it is a volume.
    fn enter(&mut self, folder: PathBuf) -> PathBuf {
        let link = DataLink::of(&folder);
        let inside = link.as_ref().map_or_else(|| folder.clone(), |link| folder.join(&link.target));
        self.mounted.written = self.mounted.written.max(link.as_ref().and_then(|link| link.made));
        self.volumes.push((folder, link));
        inside
    }

    fn folder(&mut self, path: &Path, folder: Folder) {
        let names = fs::read_dir(path).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()
        });
        let mut names = match names {
            Ok(names) => names,
            Err(error) => {
                self.problems.push(directory_problem(
                    &folder.below(self.directory),
                    &format!("cannot be read: {error}"),
                ));
                return;
            }
        };
        names.sort();
        for name in names {
            let name = name.to_string_lossy();
            let is_folder = folder == Folder::Root && (name == "config" || name == "secrets");
            // The kubelet's own entries begin with two dots.
            if !name.starts_with("..") && !is_folder {
                self.file(&path.join(&*name), &name, folder);
            }
        }
    }

    fn file(&mut self, path: &Path, name: &str, folder: Folder) {
        let shown = folder.below(self.directory).join(name);
        let key = self.contract.key(name);
        let is_seal = name == SEAL_KEY;
        if key.is_none() && !is_seal {
            self.mounted.unknown.push(shown.clone());
        }
        let secret = key.is_some_and(|key| key.secret) || folder == Folder::Secrets;
        if key.is_some_and(|key| key.secret) && folder == Folder::Config {
            let message = "is a secret and must not be in config/; mount it from a Secret below secrets/";
            self.problem(name, message, shown);
            return;
        }
        let bytes = match read_file(path) {
            Ok(bytes) => bytes,
            // A file that is no setting is reported by its name; what is wrong with it does not matter.
            Err(_) if key.is_none() && !is_seal => return,
            Err(message) => return self.problem(name, &message, shown),
        };
        self.content.update(shown.as_os_str().as_encoded_bytes());
        self.content.update([0]);
        self.content.update(Sha256::digest(&bytes));
        if !secret && !is_seal {
            self.mounted.raw.insert(name.into(), bytes.to_vec());
        }
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.strip_suffix('\n').unwrap_or(text),
            Err(_) if key.is_none() && !is_seal => return,
            Err(_) => return self.problem(name, "is not UTF-8 text", shown),
        };
        if is_seal {
            self.mounted.seal = Some(text.into());
        } else if let Some(key) = key {
            let value = (Text::of(text.into(), key.secret), Origin::File(shown.clone()));
            if let Some((_, Origin::File(first))) = self.mounted.values.insert(name.into(), value) {
                self.problem(name, &format!("is given twice, also in {}", first.display()), shown);
            }
        }
    }

    fn problem(&mut self, key: &str, message: &str, path: PathBuf) {
        self.problems.push(Problem::new(key, message, Some(Origin::File(path))));
    }
}

/// The bytes of a regular file of bounded size, or what is wrong with it.
fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err("is a dangling link".into()),
        other => other.map_err(|error| format!("cannot be read: {error}"))?,
    };
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
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    // Bounded again, since the file may grow after it was measured; the capacity is never exceeded, so no copy of a
    // secret is left behind by a growing buffer.
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_FILE_BYTES { Err(too_large()) } else { Ok(bytes) }
}

fn directory_problem(path: &Path, message: &str) -> Problem {
    Problem::new(path.display().to_string(), format!("the configuration directory {message}"), None)
}
