//! Images of one static binary, made without a registry or an image builder, and the node's image store.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use kit::oci::{CONFIG, LAYER, LAYOUT, MANIFEST, append, architecture, blob_path, descriptor, digest};
use kit::process::Cmd;
use kit::tools;
use serde_json::json;

use super::layout::{Record, State};

/// `.invalid` is a name that no registry can ever have (RFC 6761): what is missing on the node cannot be pulled.
pub(super) const PAUSE: &str = "myapp-own.invalid/pause:1";
pub(super) const COREDNS: &str = "myapp-own.invalid/coredns:1";

/// The full name of the image `myapp`, as container runtimes write it.
const PRODUCT: &str = "docker.io/library/myapp";

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
    append(&mut tar, "oci-layout", 0o644, LAYOUT)?;
    append(&mut tar, "index.json", 0o644, index.to_string().as_bytes())?;
    for blob in [&layer, &config, &manifest] {
        append(&mut tar, &blob_path(&digest(blob)), 0o644, blob)?;
    }
    tar.finish().with_context(|| format!("cannot write {}", archive.display()))
}

fn layer(binary: &Path) -> Result<Vec<u8>> {
    let content = fs::read(binary).with_context(|| format!("cannot read {}", binary.display()))?;
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, "entrypoint", 0o755, &content)?;
    Ok(tar.into_inner()?)
}
