//! The image of the tool: its content, and its way into the pod of another image.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use e2e::release::{ARTIFACTS, both_streams};
use serde_json::{Value, json};

use crate::contents::{entries, unpacked};

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", both_streams(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn tool_image_holds_only_the_binary() {
    let files = entries(&std::fs::read(ARTIFACTS.file("confpath-image")).unwrap());
    let json = |name: &str| -> Value {
        let (_, content) = files.iter().find(|(path, _)| path.ends_with(name)).unwrap();
        serde_json::from_slice(content).unwrap()
    };
    let blob = |descriptor: &Value| descriptor["digest"].as_str().unwrap().replace("sha256:", "");
    let manifest = json(&blob(&json("index.json")["manifests"][0]));
    let config = &json(&blob(&manifest["config"]))["config"];
    assert_eq!((&config["Entrypoint"], &config["User"]), (&json!(["/confpath"]), &json!("65532:65532")));
    let layers = manifest["layers"].as_array().unwrap();
    let names = layers.iter().flat_map(|layer| {
        let (_, content) = files.iter().find(|(path, _)| path.ends_with(&blob(layer))).unwrap();
        entries(&unpacked(content).unwrap()).into_iter().map(|(path, _)| path)
    });
    assert_eq!(names.collect::<Vec<_>>(), ["confpath"]);
}

/// A call of buildah with a store below `folder`, which has no other image.
fn buildah(folder: &Path) -> Command {
    let mut command = Command::new("buildah");
    command.arg("--root").arg(folder.join("root")).arg("--runroot").arg(folder.join("run"));
    command.args(["--storage-driver", "vfs"]);
    command
}

/// The way of an init container, to whose emptyDir anyone may write.
#[test]
fn tool_image_copies_itself_into_a_volume() {
    let store = tempfile::tempdir().unwrap();
    let archive = format!("oci-archive:{}", ARTIFACTS.file("confpath-image").display());
    let container = run(buildah(store.path()).args(["from", "--quiet", &archive]));
    let volume = tempfile::tempdir().unwrap();
    std::fs::set_permissions(volume.path(), Permissions::from_mode(0o777)).unwrap();
    let mount = format!("{}:/tools", volume.path().display());
    let mut install = buildah(store.path());
    install.args(["run", "--isolation=chroot", "--volume", &mount, &container, "--"]);
    run(install.args(["/confpath", "install", "/tools"]));
    let copy = volume.path().join("confpath");
    let metadata = std::fs::metadata(&copy).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o555);
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&metadata), 65532);
    assert!(run(Command::new(copy).arg("--version")).starts_with("confpath "));
}

#[test]
fn service_image_stands_for_its_contract() {
    let image = ARTIFACTS.file("image");
    let problems = e2e::confpath::problems(&image, &["--environment".as_ref()]).unwrap();
    assert_eq!(
        problems,
        e2e::confpath::problems(&ARTIFACTS.file("contract"), &["--environment".as_ref()]).unwrap()
    );
    assert!(problems.iter().any(|problem| problem.starts_with("SECRET_KEY: ")), "{problems:?}");
}
