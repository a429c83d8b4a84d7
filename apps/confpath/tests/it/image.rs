//! Contracts that images carry, in OCI layouts as other programs write them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::{Run, Scene};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A layout in the making: its files by path.
#[derive(Default)]
struct Layout(BTreeMap<String, Vec<u8>>);

impl Layout {
    /// Adds a blob and returns its descriptor. The digest is any, since only its spelling counts.
    fn blob(&mut self, media_type: &str, content: Vec<u8>) -> Value {
        let digest = format!("{:064x}", self.0.len());
        let size = content.len();
        self.0.insert(format!("blobs/sha256/{digest}"), content);
        json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": size })
    }

    /// Adds an image of these layers.
    fn image(&mut self, labels: &Value, layers: &[&[(&str, &str)]]) -> Value {
        let config = json!({ "config": { "Labels": labels } });
        let config = self.blob(CONFIG, config.to_string().into());
        let layers: Vec<_> = layers.iter().map(|files| self.blob(LAYER, gzip(&tar(files)))).collect();
        let manifest = json!({ "mediaType": MANIFEST, "config": config, "layers": layers });
        self.blob(MANIFEST, manifest.to_string().into())
    }

    /// The layout with this as its only manifest, in a folder of the scene.
    fn finish(mut self, scene: &Scene, manifest: &Value) {
        let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
        self.0.insert("index.json".into(), index.to_string().into());
        self.0.iter().for_each(|(path, content)| drop(scene.write(&format!("layout/{path}"), content)));
        let mut archive = tar::Builder::new(File::create(scene.path().join("image.tar")).unwrap());
        archive.append_dir_all(".", scene.path().join("layout")).unwrap();
        archive.finish().unwrap();
    }
}

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(content).unwrap();
    gzip.finish().unwrap()
}

/// The digest of the scene's contract, as `confpath generate` writes it.
fn digest(scene: &Scene) -> String {
    scene.write(
        "confpath.json",
        json!({ "service": "shop", "contract": "contract.json", "dockerfile": "Dockerfile" }).to_string(),
    );
    scene.write(
        "Dockerfile",
        "FROM scratch\n# confpath generate: begin contract\n# confpath generate: end contract\n",
    );
    let run = scene.call("generate");
    assert_eq!(run.code(), 0, "{:?}", run.problems());
    let dockerfile = std::fs::read_to_string(scene.path().join("Dockerfile")).unwrap();
    let label =
        dockerfile.lines().find_map(|line| line.strip_prefix("LABEL dev.confpath.contract=\"")).unwrap();
    label.trim_end_matches('"').to_owned()
}

fn contract(scene: &Scene) -> String {
    std::fs::read_to_string(scene.path().join("contract.json")).unwrap()
}

fn check(scene: &Scene, image: &str) -> Run {
    scene.write("settings.env", "PORT=80\nTOKEN=abc\n");
    scene.call(&format!("check --contract {image} --env-file settings.env"))
}

#[test]
fn folder_and_archive_stand_for_the_contract() {
    let scene = Scene::new();
    let (contract, labels) = (contract(&scene), json!({ "dev.confpath.contract": digest(&scene) }));
    let mut layout = Layout::default();
    // A newer layer replaces a file, and an attestation is no image.
    let image = layout
        .image(&labels, &[&[("contract.json", "{}"), ("shop", "x")], &[("./contract.json", &contract)]]);
    let attestation = json!({ "mediaType": MANIFEST, "config": layout.blob(CONFIG, b"{}".to_vec()),
                              "layers": [{ "mediaType": "application/vnd.in-toto+json", "digest": "sha256:0" }] });
    let attestation = layout.blob(MANIFEST, attestation.to_string().into());
    let index = layout.blob(INDEX, json!({ "manifests": [image, attestation] }).to_string().into());
    layout.finish(&scene, &index);
    let from_file = check(&scene, "contract.json");
    assert_eq!(from_file.code(), 0, "{:?}", from_file.problems());
    for image in ["layout", "image.tar"] {
        let run = check(&scene, image);
        assert_eq!((run.code(), run.stdout()), (0, from_file.stdout()), "{image}: {:?}", run.problems());
    }
    let release = "kind: ConfigMap\nmetadata: { name: shop }\ndata: { PORT: \"80\" }\n";
    let release = scene.write("release.yaml", release);
    assert!(Path::new(&release).exists());
    let run = scene.call(
        "diff --old-contract image.tar --new-contract contract.json --old release.yaml --new release.yaml",
    );
    assert_eq!(run.code(), 0, "{:?}", run.problems());
}

#[test]
fn image_without_its_contract_is_refused() {
    let scene = Scene::new();
    let (contract, digest) = (contract(&scene), digest(&scene));
    let label = json!({ "dev.confpath.contract": digest });
    let other = json!({ "dev.confpath.contract": "0".repeat(64) });
    let file: &[(&str, &str)] = &[("contract.json", &contract)];
    for (labels, layers, words) in [
        (&json!({}), vec![file], "has an image without the label dev.confpath.contract"),
        (&other, vec![file], "/contract.json is not the contract that its label"),
        (&label, vec![], "has the label dev.confpath.contract and no file /contract.json"),
        (&label, vec![file, &[(".wh.contract.json", "")]], "and no file /contract.json"),
    ] {
        let mut layout = Layout::default();
        let image = layout.image(labels, &layers);
        layout.finish(&scene, &image);
        let run = check(&scene, "image.tar");
        assert_eq!(run.code(), 64, "{words}");
        assert!(run.problems()[0].contains(words), "{words}: {:?}", run.problems());
    }
    let mut layout = Layout::default();
    let images = [&label, &other].map(|labels| layout.image(labels, &[file]));
    let index = layout.blob(INDEX, json!({ "manifests": images }).to_string().into());
    layout.finish(&scene, &index);
    assert!(check(&scene, "image.tar").problems()[0].contains("images with several contracts"));
}

#[test]
fn archive_that_is_no_layout_is_named() {
    let scene = Scene::new();
    scene.write("image.tar", tar(&[("manifest.json", "[]")]));
    let run = check(&scene, "image.tar");
    assert_eq!(run.code(), 64);
    assert!(run.problems()[0].contains("is no OCI layout: it has no index.json"), "{:?}", run.problems());
}
