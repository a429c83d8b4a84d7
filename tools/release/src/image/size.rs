//! Size of an image on a node and in transfer, and its id.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kit::process::Cmd;
use serde_json::Value;

/// The first bytes of gzip data.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Sizes of all layers together, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// With gzip, as a registry is sent them and a node pulls them.
    pub compressed: u64,
    /// Size as tar files, a little more than the files in them.
    pub uncompressed: u64,
}

/// The size of the image in a file as `docker save` writes it.
pub(super) fn of(archive: &Path) -> Result<Size> {
    measure(archive).with_context(|| unreadable(archive))
}

/// The digest of the image's configuration, which has the digests of all layers in it.
pub(super) fn id(archive: &Path) -> Result<String> {
    let config = config_name(archive).with_context(|| unreadable(archive))?;
    // `<digest>.json` or, as Docker writes it, `blobs/sha256/<digest>`.
    let name = config.rsplit('/').next().unwrap_or(&config);
    Ok(name.trim_end_matches(".json").to_owned())
}

/// In millions of bytes, as registries count.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

/// Reads the configuration of the OCI image specification.
pub(super) fn config(archive: &Path) -> Result<Value> {
    Ok(serde_json::from_slice(&read(archive, &config_name(archive)?)?)?)
}

fn config_name(archive: &Path) -> Result<String> {
    let manifest = manifest(archive)?;
    let name = manifest.pointer("/0/Config").and_then(Value::as_str).context("it names no configuration")?;
    Ok(name.to_owned())
}

pub(super) fn unreadable(archive: &Path) -> String {
    format!("cannot read the image in {}", archive.display())
}

fn measure(archive: &Path) -> Result<Size> {
    let mut size = Size::default();
    for layer in layers(archive)? {
        let (unpacked, packed) = both_forms(archive, &layer)?;
        size.uncompressed += fs::metadata(&unpacked)?.len();
        size.compressed += fs::metadata(&packed)?.len();
        fs::remove_file(unpacked)?;
        fs::remove_file(packed)?;
    }
    Ok(size)
}

/// The paths of the layers in the archive, each once.
pub(super) fn layers(archive: &Path) -> Result<BTreeSet<String>> {
    let manifest = manifest(archive)?;
    let layers = manifest.pointer("/0/Layers").and_then(Value::as_array).context("it names no layers")?;
    Ok(layers.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// One layer as two files beside the archive, without and with gzip. Docker saves layers in either form, depending on how it
/// keeps them.
pub(super) fn both_forms(archive: &Path, layer: &str) -> Result<(PathBuf, PathBuf)> {
    let (unpacked, packed) = (archive.with_extension("layer"), archive.with_extension("layer.gz"));
    let content = read(archive, layer)?;
    let gzip = Cmd::new("gzip").args(["--force", "--keep"]);
    if content.starts_with(GZIP) {
        fs::write(&packed, content)?;
        gzip.arg("--decompress").arg(&packed).ask()?;
    } else {
        fs::write(&unpacked, content)?;
        gzip.arg(&unpacked).ask()?;
    }
    Ok((unpacked, packed))
}

fn manifest(archive: &Path) -> Result<Value> {
    Ok(serde_json::from_slice(&read(archive, "manifest.json")?)?)
}

fn read(archive: &Path, file: &str) -> Result<Vec<u8>> {
    let mut tar = tar::Archive::new(File::open(archive)?);
    for entry in tar.entries()? {
        let mut entry = entry?;
        if entry.path()?.as_os_str() == file {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            return Ok(content);
        }
    }
    bail!("it has no {file}")
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn archive(folder: &TempDir, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let path = folder.path().join(name);
        let mut tar = tar::Builder::new(File::create(&path).unwrap());
        for (name, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, name, *content).unwrap();
        }
        tar.finish().unwrap();
        path
    }

    fn folder() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn only_layers_are_measured() {
        let folder = folder();
        let manifest = br#"[{"Layers":["a.tar","b/layer.tar"]}]"#;
        let zeros = [0; 100_000];
        let path = archive(
            &folder,
            "two-layers",
            &[("a.tar", &zeros), ("b/layer.tar", b"x"), ("config.json", &zeros), ("manifest.json", manifest)],
        );
        let size = of(&path).unwrap();
        assert_eq!(size.uncompressed, 100_001);
        assert!((50..1000).contains(&size.compressed), "{size:?}");
    }

    #[test]
    fn id_is_the_digest_of_the_configuration() {
        for config in ["0a1b.json", "blobs/sha256/0a1b"] {
            let folder = folder();
            let manifest = format!(r#"[{{"Config":"{config}"}}]"#);
            let path = archive(&folder, "id", &[("manifest.json", manifest.as_bytes())]);
            assert_eq!(id(&path).unwrap(), "0a1b");
        }
    }

    #[test]
    fn compressed_layer_is_measured_in_both_forms() {
        let folder = folder();
        let layer = folder.path().join("layer");
        fs::write(&layer, [0; 100_000]).unwrap();
        Cmd::new("gzip").arg(&layer).ask().unwrap();
        let content = fs::read(layer.with_extension("gz")).unwrap();
        let files: [(&str, &[u8]); 2] = [("l", &content), ("manifest.json", br#"[{"Layers":["l"]}]"#)];
        let path = archive(&folder, "compressed", &files);
        let size = of(&path).unwrap();
        assert_eq!(size, Size { compressed: content.len() as u64, uncompressed: 100_000 });
    }

    #[test]
    fn a_file_that_is_no_image_is_named() {
        let folder = folder();
        let path = archive(&folder, "no-image", &[("readme", b"x")]);
        let error = format!("{:#}", of(&path).unwrap_err());
        assert!(error.contains("no-image") && error.contains("no manifest.json"), "{error}");
    }
}
