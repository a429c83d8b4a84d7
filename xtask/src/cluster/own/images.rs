//! Images of one static binary, made without a registry or an image builder, and the node's image store.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::layout::{Record, State};
use crate::process::Cmd;
use crate::tools;

/// `.invalid` is a name that no registry can ever have (RFC 6761): what is missing on the node cannot be pulled.
pub(super) const PAUSE: &str = "myapp-own.invalid/pause:1";
pub(super) const COREDNS: &str = "myapp-own.invalid/coredns:1";

/// As container runtimes write the name `myapp` in full.
const PRODUCT: &str = "docker.io/library/myapp";

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Makes the images the cluster itself needs and puts them onto the node.
pub(super) fn load_own(state: &State) -> Result<()> {
    for (name, tool) in [(PAUSE, "pause"), (COREDNS, "coredns")] {
        let archive = state.data(&format!("{tool}.tar"));
        write_archive(&archive, name, &tools::built(tool))?;
        load(&archive, &[])?;
        fs::remove_file(&archive)?;
    }
    Ok(())
}

/// Puts the product's image onto the node, under the name the archive gives it and by its digest, as if it had been pulled.
pub(super) fn load_product(archive: &Path) -> Result<()> {
    load(archive, &["--digests", "--base-name", PRODUCT])
}

fn load(archive: &Path, options: &[&str]) -> Result<()> {
    Cmd::new("ctr")
        .arg("--address")
        .arg(Record::containerd_socket())
        .args(["--namespace=k8s.io", "images", "import"])
        .args(options)
        .arg(archive)
        .run()
        .with_context(|| format!("cannot load {}", archive.display()))?;
    Ok(())
}

/// An OCI image layout in a tar file, its only layer holding `binary` as its entry point.
fn write_archive(archive: &Path, name: &str, binary: &Path) -> Result<()> {
    let layer = layer(binary)?;
    let config = json!({
        "architecture": architecture(),
        "os": "linux",
        "config": { "Entrypoint": ["/entrypoint"], "User": "65532" },
        "rootfs": { "type": "layers", "diff_ids": [digest(&layer)] },
    });
    let config = config.to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, &config),
        "layers": [descriptor(LAYER, &layer)],
    });
    let manifest = manifest.to_string().into_bytes();
    let mut listed = descriptor(MANIFEST, &manifest);
    listed["annotations"] = json!({ "io.containerd.image.name": name });
    let index = json!({ "schemaVersion": 2, "manifests": [listed] });

    let mut tar = tar::Builder::new(File::create(archive)?);
    append(&mut tar, "oci-layout", 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    append(&mut tar, "index.json", 0o644, index.to_string().as_bytes())?;
    for blob in [&layer, &config, &manifest] {
        append(&mut tar, &format!("blobs/{}", digest(blob).replace(':', "/")), 0o644, blob)?;
    }
    tar.finish().with_context(|| format!("cannot write {}", archive.display()))
}

fn layer(binary: &Path) -> Result<Vec<u8>> {
    let content = fs::read(binary).with_context(|| format!("cannot read {}", binary.display()))?;
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, "entrypoint", 0o755, &content)?;
    Ok(tar.into_inner()?)
}

fn append(tar: &mut tar::Builder<impl std::io::Write>, path: &str, mode: u32, content: &[u8]) -> Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(mode);
    tar.append_data(&mut header, path, content).with_context(|| format!("cannot add {path}"))
}

fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(content), "size": content.len() })
}

fn digest(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    hash.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// The OCI name of this machine's architecture, which the built binaries have.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_one_sha256sum_prints() {
        assert_eq!(digest(b""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
