//! OCI layouts: a folder, or a tar archive of one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::input;

/// A file with blobs by their digests.
pub(super) enum Layout {
    Folder(PathBuf),
    Archive {
        file: File,
        /// Offset and size of each file, by its path.
        places: BTreeMap<String, (u64, u64)>,
    },
}

/// The description of a blob.
#[derive(Clone, Debug)]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    digest: String,
}

impl Descriptor {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Some(Self { media_type: text("mediaType")?, digest: text("digest")? })
    }

    pub(super) fn all(list: &Value) -> Vec<Self> {
        list.as_array().into_iter().flatten().filter_map(Self::read).collect()
    }
}

impl Layout {
    /// Opens a layout; `None` if the file is something else.
    ///
    /// # Errors
    /// The reason, as a sentence without a subject.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, String> {
        let cannot = |error: std::io::Error| format!("cannot be read: {error}");
        if path.is_dir() {
            return Ok(Some(Self::Folder(path.to_owned())));
        }
        let mut file = File::open(path).map_err(cannot)?;
        if !file.metadata().map_err(cannot)?.is_file() || !is_tar(&mut file).map_err(cannot)? {
            return Ok(None);
        }
        let mut places = BTreeMap::new();
        let mut archive = tar::Archive::new(&mut file);
        for entry in archive.entries_with_seek().map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
            places.insert(path, (entry.raw_file_position(), entry.size()));
        }
        Ok(Some(Self::Archive { file, places }))
    }

    /// The top index.
    pub(super) fn index(&mut self) -> Result<Value, String> {
        let reader = self.file("index.json").map_err(|_| {
            "is no OCI layout: it has no index.json; `skopeo copy` makes one of an image, by oci: or oci-archive:"
                .to_owned()
        })?;
        parsed(reader, "index.json")
    }

    /// A blob that is JSON.
    pub(super) fn json(&mut self, blob: &Descriptor) -> Result<Value, String> {
        parsed(self.blob(blob)?, &blob.digest)
    }

    pub(super) fn blob(&mut self, blob: &Descriptor) -> Result<Box<dyn Read + '_>, String> {
        let is_digest = |c: char| c.is_ascii_alphanumeric() || c == ':';
        if !blob.digest.chars().all(is_digest) {
            return Err("names a blob by something that is no digest".into());
        }
        self.file(&format!("blobs/{}", blob.digest.replace(':', "/")))
    }

    fn file(&mut self, path: &str) -> Result<Box<dyn Read + '_>, String> {
        let cannot = |error: std::io::Error| format!("{path} in it cannot be read: {error}");
        match self {
            Self::Folder(folder) => Ok(Box::new(File::open(folder.join(path)).map_err(cannot)?)),
            Self::Archive { file, places } => {
                let (offset, size) = places.get(path).ok_or_else(|| format!("has no {path}"))?;
                file.seek(SeekFrom::Start(*offset)).map_err(cannot)?;
                Ok(Box::new(file.take(*size)))
            }
        }
    }
}

fn parsed(reader: impl Read, name: &str) -> Result<Value, String> {
    let bytes = input::read_from(reader)?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{name} in it is no JSON: {error}"))
}

/// Returns true for a tar archive, whose first header has a mark (POSIX.1-1988), and rewinds the file.
fn is_tar(file: &mut File) -> std::io::Result<bool> {
    let mut start = Vec::new();
    file.take(262).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start.get(257..262) == Some(b"ustar"))
}
