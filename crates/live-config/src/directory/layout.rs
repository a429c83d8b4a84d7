//! Folders of a mounted directory, and what is missing of those that were there before.

use std::path::{Path, PathBuf};

use super::open::Identity;

/// A folder's role, which decides the files that it may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    Root,
    Config,
    Secrets,
}

impl Place {
    /// The folders below the root.
    pub(super) const BELOW: [Self; 2] = [Self::Config, Self::Secrets];

    /// Its name below the root; the root has none.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Root => "",
            Self::Config => "config",
            Self::Secrets => "secrets",
        }
    }

    pub(super) fn path(self, root: &Path) -> PathBuf {
        match self {
            Self::Root => root.to_path_buf(),
            Self::Config | Self::Secrets => root.join(self.name()),
        }
    }
}

/// The way in which the content of a folder changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// File by file.
    Plain,
    /// By a link of its own.
    Volume,
    /// With the volume that it is part of.
    Part,
}

/// A folder that was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Present {
    pub(super) place: Place,
    pub(super) identity: Identity,
    pub(super) kind: Kind,
    /// Number of files that gave a value or the seal.
    pub(super) files: usize,
}

/// Every folder that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout(pub(super) Vec<Present>);

impl Layout {
    fn at(&self, place: Place) -> Option<&Present> {
        self.0.iter().find(|present| present.place == place)
    }

    fn identity(&self, place: Place) -> Option<&Identity> {
        self.at(place).map(|present| &present.identity)
    }

    fn files(&self) -> usize {
        self.0.iter().map(|present| present.files).sum()
    }

    /// The places of which something is gone that this layout has and `now` has not, each with what that is.
    ///
    /// A file that is gone is an edit. A folder, a volume's link or all files at once with their folder are what a
    /// mount, a move or a deployment leaves behind half way.
    pub(super) fn gone(&self, now: &Self) -> Vec<(Place, &'static str)> {
        let of_place = |before: &Present| {
            let Some(present) = now.at(before.place) else {
                return Some("was there at the last read and is gone");
            };
            if before.kind == Kind::Volume && present.kind != Kind::Volume {
                return Some("was a volume at the last read, and its link ..data is gone");
            }
            let files = if before.place == Place::Root { now.files() } else { present.files };
            let is_suspect = match present.kind {
                Kind::Plain => present.identity != before.identity,
                // A whole generation may have no files.
                Kind::Volume => false,
                // As may a folder of another generation.
                Kind::Part => self.identity(Place::Root) == now.identity(Place::Root),
            };
            let is_emptied = before.files > 0 && files == 0;
            (is_emptied && is_suspect).then_some("held files at the last read and is an empty one now")
        };
        self.0.iter().filter_map(|before| Some((before.place, of_place(before)?))).collect()
    }
}
