//! One look at a mounted directory: everything is reached through descriptors from one resolution of its path.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::layout::{Kind, Layout, Place, Present};
use super::mounted::{Mounted, directory_problem};
use super::open::Folder;
use super::unknown::Unknown;
use crate::{Contract, Origin, Problem, SEAL_KEY, Text};

/// The result of one look.
pub(super) struct Look {
    pub(super) mounted: Mounted,
    pub(super) problems: Vec<Problem>,
    pub(super) layout: Layout,
    /// Equal for two looks between which nothing was changed that counts, not even to the same content. Files of unknown
    /// names do not count.
    pub(super) stamp: [u8; 32],
}

/// A folder, and what is behind its link.
struct Entered {
    outside: Folder,
    generation: Option<Folder>,
}

impl Entered {
    fn inside(&self) -> &Folder {
        self.generation.as_ref().unwrap_or(&self.outside)
    }
}

struct Walk<'a> {
    contract: &'a Contract,
    directory: &'a Path,
    layout: Layout,
    mounted: Mounted,
    problems: Vec<Problem>,
    content: Sha256,
    stamp: Sha256,
}

impl Look {
    /// Looks at `directory`; `known` is what was there before.
    pub(super) fn take(contract: &Contract, directory: &Path, known: &Layout) -> Self {
        let mut walk = Walk {
            contract,
            directory,
            layout: Layout::default(),
            mounted: Mounted { is_whole: true, ..Mounted::default() },
            problems: Vec::new(),
            content: Sha256::new(),
            stamp: Sha256::new(),
        };
        walk.root();
        // Behind a folder that could not be read, others are missing as well.
        if walk.mounted.is_whole {
            for (place, what) in known.gone(&walk.layout) {
                walk.fault(place, what);
            }
        }
        walk.ended()
    }

    /// Returns true if all of it was swapped in as a whole, so that nothing of it is still being written.
    pub(super) fn is_generation(&self) -> bool {
        self.mounted.is_whole && self.layout.0.iter().all(|present| present.kind != Kind::Plain)
    }
}

impl Walk<'_> {
    fn root(&mut self) {
        let root =
            Folder::open(self.directory).and_then(|folder| self.enter(folder, Place::Root, Kind::Plain));
        let Some(root) = self.opened(root, Place::Root) else { return };
        for place in Place::BELOW {
            if let Some(folder) = self.below(&root, place).transpose() {
                self.opened(folder, place);
            }
        }
    }

    /// The folder of that name. What is there and no folder is a mistake: without this, its settings would silently be
    /// their defaults.
    fn below(&mut self, root: &Entered, place: Place) -> io::Result<Option<Entered>> {
        let name = place.name();
        let is_volume = root.generation.is_some();
        if root.inside().has(name) {
            let folder = root.inside().folder(Path::new(name))?;
            let kind = if is_volume { Kind::Part } else { Kind::Plain };
            return self.enter(folder, place, kind).map(Some);
        }
        // A folder may also be mounted onto a volume.
        match root.outside.folder_itself(name) {
            Ok(folder) if is_volume => self.enter(folder, place, Kind::Plain).map(Some),
            Ok(_) | Err(_) => Ok(None),
        }
    }

    /// Goes behind the link of `outside`, where it is a volume; `kind` is what it is otherwise.
    fn enter(&mut self, outside: Folder, place: Place, kind: Kind) -> io::Result<Entered> {
        let link = outside.data_link()?;
        self.stamp.update(format!("{place:?} {:?}\n", outside.identity()?));
        let generation = match &link {
            Some(link) => {
                self.stamp.update(link.stamp());
                Some(outside.folder(&link.target)?)
            }
            None => None,
        };
        let entered = Entered { outside, generation };
        let identity = entered.inside().identity()?;
        self.stamp.update(format!("{identity:?}\n"));
        self.mounted.written = self.mounted.written.max(link.and_then(|link| link.made));
        let kind = if entered.generation.is_some() { Kind::Volume } else { kind };
        self.layout.0.push(Present { place, identity, kind, files: 0 });
        Ok(entered)
    }

    /// Reads the files of a folder, if it could be opened.
    fn opened(&mut self, folder: io::Result<Entered>, place: Place) -> Option<Entered> {
        let folder = folder.and_then(|folder| Ok((folder.inside().names()?, folder)));
        let (names, folder) = match folder {
            Ok(found) => found,
            Err(error) => {
                self.fault(place, &format!("cannot be read: {error}"));
                return None;
            }
        };
        for name in names {
            let is_folder =
                place == Place::Root && Place::BELOW.iter().any(|below| name == OsStr::new(below.name()));
            // The kubelet's own entries begin with two dots.
            if !name.as_encoded_bytes().starts_with(b"..") && !is_folder {
                self.file(folder.inside(), &name, place);
            }
        }
        Some(folder)
    }

    fn file(&mut self, folder: &Folder, file_name: &OsStr, place: Place) {
        let name = &*file_name.to_string_lossy();
        let shown = place.path(self.directory).join(name);
        let key = self.contract.key(name);
        let is_seal = name == SEAL_KEY;
        let is_known = key.is_some() || is_seal;
        if !is_known {
            let unknown = Unknown::of(self.contract, &place.path(self.directory), name);
            self.content.update(format!("{unknown}\n"));
            self.mounted.unknown.push(unknown);
        }
        let secret = key.is_some_and(|key| key.secret) || place == Place::Secrets;
        if key.is_some_and(|key| key.secret) && place == Place::Config {
            let message = "is a secret and must not be in config/; mount it from a Secret below secrets/";
            return self.problem(name, message, shown);
        }
        let contents = match folder.file(file_name) {
            Ok(contents) => contents,
            // A file that is no setting is reported by its name; what is wrong with it does not matter.
            Err(_) if !is_known => return,
            Err(message) => return self.problem(name, &message, shown),
        };
        let digest = Sha256::digest(&contents.bytes);
        for sum in [&mut self.content].into_iter().chain(is_known.then_some(&mut self.stamp)) {
            sum.update(shown.as_os_str().as_encoded_bytes());
            sum.update([0]);
            sum.update(digest);
        }
        if !secret && !is_seal {
            self.mounted.raw.insert(name.into(), contents.bytes.to_vec());
        }
        if is_known {
            self.stamp.update(contents.stamp);
            if let Some(present) = self.layout.0.last_mut() {
                present.files += 1;
            }
            self.value(name, &contents.bytes, shown);
        }
    }

    /// Takes the text of a file that is a setting or the seal.
    fn value(&mut self, name: &str, bytes: &[u8], shown: PathBuf) {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.problem(name, "is not UTF-8 text", shown);
        };
        let text = text.strip_suffix('\n').unwrap_or(text);
        let Some(key) = self.contract.key(name) else {
            self.mounted.seal = Some(text.into());
            return;
        };
        let value = (Text::of(text.into(), key.secret), Origin::File(shown.clone()));
        if let Some((_, Origin::File(first))) = self.mounted.values.insert(name.into(), value) {
            self.problem(name, &format!("is given twice, also in {}", first.display()), shown);
        }
    }

    fn problem(&mut self, key: &str, message: &str, path: PathBuf) {
        self.problems.push(Problem::new(key, message, Some(Origin::File(path))));
    }

    /// A folder cannot be taken for what it should hold.
    fn fault(&mut self, place: Place, message: &str) {
        self.mounted.is_whole = false;
        self.problems.push(directory_problem(&place.path(self.directory), message));
    }

    fn ended(mut self) -> Look {
        for problem in &self.problems {
            let line = format!("{problem}\n");
            self.content.update(&line);
            self.stamp.update(&line);
        }
        self.mounted.content = self.content.finalize().into();
        let Self { mounted, problems, layout, stamp, .. } = self;
        Look { mounted, problems, layout, stamp: stamp.finalize().into() }
    }
}
