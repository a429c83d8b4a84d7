//! The image as `cargo xtask image` makes it, read from its archive.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use serde_json::Value;

/// Environment variables of the image build, as on a developer's machine.
pub(crate) const PLANTED: [(&str, &str); 2] =
    [("SECRET_KEY", "planted-secret-key-5b0e"), ("DB_PASSWORD", "planted-db-password-c19d")];

pub(crate) struct Image {
    /// The whole archive.
    pub(crate) bytes: Vec<u8>,
    /// Image configuration of the OCI image specification.
    pub(crate) config: Value,
    /// Entries of all layers, in their order; a folder may be in several.
    pub(crate) entries: Vec<Entry>,
}

/// One entry of a layer.
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) directory: bool,
    pub(crate) mode: u32,
    pub(crate) owner: (u64, u64),
    pub(crate) content: Vec<u8>,
}

/// Built once for all tests, even if a current one is there: what is looked for may have slipped in only now.
pub(crate) static IMAGE: LazyLock<Image> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("image.tar");
    let output = Command::new(env!("CARGO"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(["xtask", "image", "--rebuild", "--output"])
        .arg(&archive)
        .envs(PLANTED)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    Image::read(std::fs::read(archive).unwrap())
});

impl Image {
    fn read(bytes: Vec<u8>) -> Self {
        let files: BTreeMap<_, _> =
            entries(&bytes).into_iter().map(|entry| (entry.path, entry.content)).collect();
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        let file = |name: &Value| &files[name.as_str().unwrap()];
        let config = serde_json::from_slice(file(&manifest[0]["Config"])).unwrap();
        let layers = manifest[0]["Layers"].as_array().unwrap();
        Self {
            config,
            entries: layers.iter().flat_map(|layer| entries(&unpacked(file(layer)))).collect(),
            bytes,
        }
    }

    pub(crate) fn content(&self, path: &str) -> &[u8] {
        &self.entries.iter().find(|entry| entry.path == path).unwrap().content
    }
}

/// Docker saves layers with or without gzip, depending on its storage.
fn unpacked(layer: &[u8]) -> Vec<u8> {
    let mut decoder = GzDecoder::new(layer);
    if decoder.header().is_none() {
        return layer.to_vec();
    }
    let mut unpacked = Vec::new();
    decoder.read_to_end(&mut unpacked).unwrap();
    unpacked
}

fn entries(tar: &[u8]) -> Vec<Entry> {
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let header = entry.header();
        Entry {
            path: entry.path().unwrap().to_str().unwrap().trim_end_matches('/').to_owned(),
            directory: header.entry_type().is_dir(),
            // Some builders put the kind of the entry into the bits above.
            mode: header.mode().unwrap() & 0o7777,
            owner: (header.uid().unwrap(), header.gid().unwrap()),
            content,
        }
    };
    tar::Archive::new(tar).entries().unwrap().map(read).collect()
}
