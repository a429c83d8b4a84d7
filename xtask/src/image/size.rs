//! How big an image is, as it lies on a node and as it travels.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::Cmd;

/// Of all layers together, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// With gzip, as a registry is sent them and a node pulls them.
    pub(crate) compressed: u64,
    /// As the tar files they are, a little more than the files in them.
    pub(crate) uncompressed: u64,
}

/// The size of the image in a file as `docker save` writes it.
pub(super) fn of(archive: &Path) -> Result<Size> {
    let layers =
        layers(archive).with_context(|| format!("cannot read the image in {}", archive.display()))?;
    let mut size = Size::default();
    for (number, layer) in layers.iter().enumerate() {
        let unpacked = extract(archive, layer, number)?;
        let mut packed = unpacked.clone().into_os_string();
        packed.push(".gz");
        Cmd::new("gzip").args(["--force", "--keep"]).arg(&unpacked).ask()?;
        size.uncompressed += fs::metadata(&unpacked)?.len();
        size.compressed += fs::metadata(&packed)?.len();
        fs::remove_file(unpacked)?;
        fs::remove_file(packed)?;
    }
    Ok(size)
}

/// In millions of bytes, as registries count.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

/// The digest of the image's configuration, which has the digests of all layers in it.
pub(super) fn id(archive: &Path) -> Result<String> {
    let manifest =
        manifest(archive).with_context(|| format!("cannot read the image in {}", archive.display()))?;
    let config =
        manifest.pointer("/0/Config").and_then(Value::as_str).context("it names no configuration")?;
    // `<digest>.json` or, as Docker writes it, `blobs/sha256/<digest>`.
    let name = config.rsplit('/').next().unwrap_or(config);
    Ok(name.trim_end_matches(".json").to_owned())
}

/// The paths of the layers in the archive, each once.
fn layers(archive: &Path) -> Result<BTreeSet<String>> {
    let manifest = manifest(archive)?;
    let layers = manifest.pointer("/0/Layers").and_then(Value::as_array).context("it names no layers")?;
    Ok(layers.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn manifest(archive: &Path) -> Result<Value> {
    let mut tar = tar::Archive::new(File::open(archive)?);
    for entry in tar.entries()? {
        let entry = entry?;
        if entry.path()?.as_os_str() == "manifest.json" {
            return Ok(serde_json::from_reader(entry)?);
        }
    }
    anyhow::bail!("it has no manifest.json")
}

/// Copies one layer out of the archive, to a file beside it.
fn extract(archive: &Path, layer: &str, number: usize) -> Result<PathBuf> {
    let mut tar = tar::Archive::new(File::open(archive)?);
    for entry in tar.entries()? {
        let mut entry = entry?;
        if entry.path()?.as_os_str() == layer {
            let path = archive.with_extension(format!("layer-{number}"));
            io::copy(&mut entry, &mut File::create(&path)?)?;
            return Ok(path);
        }
    }
    anyhow::bail!("{} names the layer {layer}, which is not in it", archive.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("{name}-{}.tar", std::process::id()));
        let mut tar = tar::Builder::new(File::create(&path).unwrap());
        for (name, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, name, *content).unwrap();
        }
        tar.finish().unwrap();
        path
    }

    #[test]
    fn the_layers_are_measured_and_nothing_else_of_the_archive() {
        let manifest = br#"[{"Layers":["a.tar","b/layer.tar"]}]"#;
        let zeros = [0; 100_000];
        let path = archive(
            "two-layers",
            &[("a.tar", &zeros), ("b/layer.tar", b"x"), ("config.json", &zeros), ("manifest.json", manifest)],
        );
        let size = of(&path).unwrap();
        fs::remove_file(path).unwrap();
        assert_eq!(size.uncompressed, 100_001);
        assert!((50..1000).contains(&size.compressed), "{size:?}");
    }

    #[test]
    fn the_id_is_the_digest_in_the_configurations_name_whichever_builder_wrote_it() {
        for config in ["0a1b.json", "blobs/sha256/0a1b"] {
            let manifest = format!(r#"[{{"Config":"{config}"}}]"#);
            let path = archive("id", &[("manifest.json", manifest.as_bytes())]);
            let found = id(&path).unwrap();
            fs::remove_file(path).unwrap();
            assert_eq!(found, "0a1b");
        }
    }

    #[test]
    fn a_file_that_is_no_image_is_named() {
        let path = archive("no-image", &[("readme", b"x")]);
        let error = format!("{:#}", of(&path).unwrap_err());
        fs::remove_file(&path).unwrap();
        assert!(error.contains("no-image") && error.contains("no manifest.json"), "{error}");
    }
}
