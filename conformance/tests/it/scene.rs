//! Files of a case, as the case describes them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

/// Files by their path below the directory.
pub(super) type Files = BTreeMap<String, File>;

/// One entry of a directory.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum File {
    /// A file with this text.
    Text(String),
    /// A file with these bytes.
    Bytes { base64: String },
    /// A file with a text that is repeated.
    Repeated { repeat: String, times: usize },
    /// A symbolic link.
    Link { link: String },
    /// An empty folder, given as `null`.
    Folder,
}

impl File {
    /// The content of a file; `None` for a link or a folder.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.as_bytes().to_vec()),
            Self::Bytes { base64 } => Some(BASE64_STANDARD.decode(base64).unwrap()),
            Self::Repeated { repeat, times } => Some(repeat.repeat(*times).into_bytes()),
            Self::Link { .. } | Self::Folder => None,
        }
    }
}

/// Writes the files, with the folders that they need. What is there already is replaced.
pub(super) fn write(directory: &Path, files: &Files) {
    fs::create_dir_all(directory).unwrap();
    for (name, file) in files {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match file {
            File::Link { link } => {
                let _ = fs::remove_file(&path);
                symlink(link, path).unwrap();
            }
            File::Folder => fs::create_dir_all(path).unwrap(),
            File::Text(_) | File::Bytes { .. } | File::Repeated { .. } => {
                fs::write(path, file.bytes().unwrap()).unwrap();
            }
        }
    }
}
