//! The content of an image's layers, and its configuration.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::size;

pub struct Content {
    /// The configuration of the OCI image specification.
    pub config: Value,
    pub n_layers: usize,
    /// Entries of all layers, in their order; a path may be in several.
    pub entries: Vec<Entry>,
}

/// One entry of a layer.
#[derive(Debug)]
pub struct Entry {
    /// Below the root, without a slash at either end.
    pub path: String,
    pub kind: Kind,
    /// The lowest twelve bits of the mode: rights, setuid, setgid, sticky.
    pub mode: u32,
    pub user: u64,
    pub group: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    /// A link, device or pipe.
    Other,
}

impl Content {
    /// Reads an image as `docker save` writes it.
    ///
    /// # Errors
    /// The file is no image.
    pub fn read(archive: &Path) -> Result<Self> {
        read(archive).with_context(|| size::unreadable(archive))
    }
}

fn read(archive: &Path) -> Result<Content> {
    let layers = size::layers(archive)?;
    let mut entries = Vec::new();
    for layer in &layers {
        let (unpacked, packed) = size::both_forms(archive, layer)?;
        entries.extend(of_layer(&unpacked)?);
        fs::remove_file(unpacked)?;
        fs::remove_file(packed)?;
    }
    Ok(Content { config: size::config(archive)?, n_layers: layers.len(), entries })
}

fn of_layer(layer: &Path) -> Result<Vec<Entry>> {
    let mut tar = tar::Archive::new(File::open(layer)?);
    let entries = tar.entries()?.map(|entry| {
        let entry = entry?;
        let header = entry.header();
        let kind = header.entry_type();
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        Ok(Entry {
            path: path.trim_start_matches("./").trim_matches('/').to_owned(),
            kind: if kind.is_dir() {
                Kind::Folder
            } else if kind.is_file() {
                Kind::File
            } else {
                Kind::Other
            },
            // Some builders put the kind of the entry into the bits above.
            mode: header.mode()? & 0o7777,
            user: header.uid()?,
            group: header.gid()?,
        })
    });
    // The root itself is nobody's entry.
    entries
        .filter(|entry: &Result<Entry>| entry.as_ref().map_or(true, |entry| !entry.path.is_empty()))
        .collect()
}
