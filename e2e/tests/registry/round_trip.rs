//! Pushed, and pulled by digest.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use e2e::harness::registry::{Published, Registry};
use e2e::release::{ARTIFACTS, both_streams};
use serde_json::Value;

use crate::contents::{entries, unpacked};

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", both_streams(&output));
    both_streams(&output)
}

/// The blobs of an image layout, by their digests.
fn blobs(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder.join("blobs/sha256")).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

fn packed_blobs(archive: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |path: &str| path.strip_prefix("blobs/sha256/").map(str::to_owned);
    let files = entries(&std::fs::read(archive).unwrap());
    files.into_iter().filter_map(|(path, content)| Some((name(&path)?, content))).collect()
}

#[test]
fn pushed_artifacts_return_byte_for_byte_by_digest() {
    let registry = Registry::open();
    let said = run(&mut ARTIFACTS.push(&format!("{}/team", registry.address())));
    let published = Published::read(&ARTIFACTS.folder);
    for part in ["image", "chart", "confpath"] {
        assert!(said.contains(&published.reference(part)), "{said}");
    }

    let pulled = tempfile::tempdir().unwrap();
    let layout = pulled.path().join("layout");
    run(Command::new("skopeo")
        .args(["--insecure-policy", "copy", "--all", "--src-tls-verify=false"])
        .arg(format!("docker://{}", published.reference("image")))
        .arg(format!("oci:{}", layout.display())));
    let mut pulled_blobs = blobs(&layout);
    let index = published.document["image"]["digest"].as_str().unwrap().replace("sha256:", "");
    let index: Value = serde_json::from_slice(&pulled_blobs.remove(&index).unwrap()).unwrap();
    assert_eq!(index["manifests"][0]["platform"], ARTIFACTS.record()["platform"]);
    assert!(pulled_blobs == packed_blobs(&ARTIFACTS.file("image")), "the image is another one");
    let layers = pulled_blobs.values().filter_map(|blob| unpacked(blob)).flat_map(|layer| entries(&layer));
    let files: BTreeMap<_, _> = layers.collect();
    assert!(files["myapp"] == std::fs::read(ARTIFACTS.file("binary")).unwrap());
    assert!(files["usr/share/sbom/myapp.cdx.json"] == std::fs::read(ARTIFACTS.file("sbom")).unwrap());

    run(Command::new("helm")
        .args(["pull", "--plain-http", &published.reference("chart"), "--destination"])
        .arg(pulled.path()));
    let mut files = std::fs::read_dir(pulled.path()).unwrap().map(|entry| entry.unwrap().path());
    let chart = files.find(|path| path.extension().is_some_and(|extension| extension == "tgz")).unwrap();
    let chart = std::fs::read(chart).unwrap();
    assert!(chart == std::fs::read(ARTIFACTS.file("chart")).unwrap(), "the chart is another one");

    // Again, and from a copy, whose files are younger, into another registry: nothing changes, not even the digest of Helm's manifest.
    run(&mut ARTIFACTS.push(&format!("{}/team", registry.address())));
    assert_eq!(Published::read(&ARTIFACTS.folder), published);
    let other = Registry::open();
    let copy = ARTIFACTS.copied();
    run(&mut copy.push(&format!("{}/team", other.address())));
    let elsewhere = Published::read(&copy.folder).document;
    for part in ["image", "chart", "confpath"] {
        assert_eq!(elsewhere[part]["digest"], published.document[part]["digest"], "{part}");
    }
}

#[test]
fn pushed_image_has_its_contract_as_referrer() {
    let registry = Registry::open();
    let artifacts = ARTIFACTS.copied();
    run(&mut artifacts.push(&format!("{}/team", registry.address())));
    let published = Published::read(&artifacts.folder).document;
    let (repository, digest) = (text(&published["image"]["repository"]), text(&published["image"]["digest"]));
    let inspect = |name: String| -> Value {
        let mut inspect = Command::new("skopeo");
        inspect.args(["--insecure-policy", "inspect", "--raw", "--tls-verify=false"]);
        let output = inspect.arg(format!("docker://{repository}{name}")).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", both_streams(&output)))
    };
    // This registry has no interface for referrers, so the list is under a tag.
    let tag = || format!(":{}", digest.replace(':', "-"));
    let list = inspect(tag());
    let artifact_type = "application/vnd.confpath.contract.v1+json";
    let contract = &published["image"]["contract"];
    assert_eq!(list["manifests"][0]["artifactType"], artifact_type);
    assert_eq!(list["manifests"][0]["digest"], contract["digest"]);
    let manifest = inspect(format!("@{}", text(&contract["digest"])));
    assert_eq!(
        (&manifest["artifactType"], &manifest["subject"]["digest"]),
        (&artifact_type.into(), &digest.into())
    );

    let pulled = tempfile::tempdir().unwrap();
    run(Command::new("skopeo")
        .args(["--insecure-policy", "copy", "--src-tls-verify=false"])
        .arg(format!("docker://{repository}@{}", text(&contract["digest"])))
        .arg(format!("dir:{}", pulled.path().display())));
    let layer = pulled.path().join(text(&manifest["layers"][0]["digest"]).replace("sha256:", ""));
    assert!(std::fs::read(layer).unwrap() == std::fs::read(artifacts.file("contract")).unwrap());

    run(&mut artifacts.push(&format!("{}/team", registry.address())));
    assert_eq!(inspect(tag()), list, "it is listed once");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn the_published_values_run_the_published_image() {
    let registry = Registry::open();
    let artifacts = ARTIFACTS.copied();
    run(&mut artifacts.push(&format!("{}/team", registry.address())));
    let published = Published::read(&artifacts.folder);
    let rendered = run(Command::new("helm")
        .args([
            "template",
            "myapp",
            &published.reference("chart"),
            "--plain-http",
            "--set",
            "config.SECRET_KEY=xyz",
            "--values",
        ])
        .arg(artifacts.folder.join("published-values.yaml")));
    let image = &published.document["image"];
    let text = |key: &str| image[key].as_str().unwrap();
    let expected = format!("image: \"{}:{}@{}\"", text("repository"), text("tag"), text("digest"));
    assert!(rendered.contains(&expected), "{expected} in {rendered}");
}
