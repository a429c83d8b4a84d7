//! The layers of an image, of which each changes what those before it hold.

use std::io::{BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::layout::{Descriptor, Layout};
use crate::input;

/// The first bytes of data in gzip and in Zstandard.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTANDARD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// A layer's word on a file.
enum Found {
    Content(Vec<u8>),
    /// A file of a layer below is hidden.
    Removed,
}

/// The content of the file `name` in the root of an image; `None` if there is none.
///
/// # Errors
/// The reason, as a sentence without a subject.
pub(super) fn file(
    layout: &mut Layout,
    layers: &[Descriptor],
    name: &str,
) -> Result<Option<Vec<u8>>, String> {
    for layer in layers.iter().rev() {
        match in_layer(BufReader::new(layout.blob(layer)?), name)? {
            Some(Found::Content(content)) => return Ok(Some(content)),
            Some(Found::Removed) => return Ok(None),
            None => {}
        }
    }
    Ok(None)
}

fn in_layer(mut layer: impl BufRead, name: &str) -> Result<Option<Found>, String> {
    let cannot = |error: std::io::Error| format!("a layer cannot be read: {error}");
    let start = layer.fill_buf().map_err(cannot)?;
    if start.starts_with(ZSTANDARD) {
        return Err("has a layer in Zstandard: write the image with layers in gzip".into());
    }
    let unpacked: Box<dyn Read + '_> =
        if start.starts_with(GZIP) { Box::new(MultiGzDecoder::new(layer)) } else { Box::new(layer) };
    let mut found = None;
    let mut archive = tar::Archive::new(unpacked);
    for entry in archive.entries().map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
        let path = path.trim_start_matches('/');
        if path == name && entry.header().entry_type().is_file() {
            return input::read_from(entry).map(|content| Some(Found::Content(content)));
        }
        // Marks of the OCI image specification: this file is gone, or all that is below.
        if path == ".wh..wh..opq" || path.strip_prefix(".wh.") == Some(name) {
            found = Some(Found::Removed);
        }
    }
    Ok(found)
}
