use std::fs::File;
use std::path::PathBuf;

use super::project::{Output, Project, checkout};

const USER: u64 = 65532;

/// One entry of a layer: path, mode, owner.
type Entry<'a> = (&'a str, u32, u64);

/// Entries of the image that the Dockerfile makes, folders with a slash at their end.
const CLEAN: [Entry<'_>; 12] = [
    ("etc/", 0o755, 0),
    ("etc/ssl/", 0o755, 0),
    ("etc/ssl/certs/", 0o755, 0),
    ("etc/ssl/certs/ca-certificates.crt", 0o644, 0),
    ("myapp", 0o755, 0),
    ("usr/", 0o755, 0),
    ("usr/share/", 0o755, 0),
    ("usr/share/sbom/", 0o755, 0),
    ("usr/share/sbom/myapp.cdx.json", 0o644, 0),
    ("var/", 0o755, 0),
    ("var/lib/", 0o755, 0),
    ("var/lib/myapp/", 0o755, USER),
];
const CONFIG: &str = r#"{ "config": { "User": "65532:65532", "Env": ["MYAPP_LISTEN=[::]:5000"] } }"#;

fn scan(project: &Project, config: &str, entries: &[Entry<'_>]) -> Output {
    let path = archive(project, config, entries);
    project.scan(&["image", "--image", path.to_str().unwrap()])
}

/// Writes an archive like `docker save`, with one layer.
fn archive(project: &Project, config: &str, entries: &[Entry<'_>]) -> PathBuf {
    let mut layer = tar::Builder::new(Vec::new());
    for (path, mode, owner) in entries {
        let mut header = tar::Header::new_gnu();
        let kind = if path.ends_with('/') { tar::EntryType::Directory } else { tar::EntryType::Regular };
        header.set_entry_type(kind);
        header.set_mode(*mode);
        header.set_uid(*owner);
        header.set_gid(*owner);
        header.set_size(0);
        layer.append_data(&mut header, path, std::io::empty()).unwrap();
    }
    let layer = layer.into_inner().unwrap();
    let manifest = r#"[{ "Config": "config.json", "Layers": ["layer.tar"] }]"#;
    let path = project.path().join("image.tar");
    let mut archive = tar::Builder::new(File::create(&path).unwrap());
    let files =
        [("manifest.json", manifest.as_bytes()), ("config.json", config.as_bytes()), ("layer.tar", &layer)];
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name, content).unwrap();
    }
    archive.finish().unwrap();
    path
}

fn project() -> Project {
    Project::with(&["apps/myapp/Dockerfile", ".scan/image.json"])
}

#[test]
fn image_of_named_paths_is_clean() {
    scan(&project(), CONFIG, &CLEAN).assert_clean();
}

#[test]
fn unexpected_entries_are_found_by_path() {
    let project = project();
    for (entry, rule) in [
        (("myapp", 0o4755, 0), "special-mode"),
        (("var/lib/", 0o1777, 0), "special-mode"),
        (("etc/ssl/certs/ca-certificates.crt", 0o646, 0), "writable"),
        (("myapp", 0o755, USER), "writable"),
        (("usr/bin/busybox", 0o755, 0), "intruders-tool"),
        (("root/.netrc", 0o600, 0), "not-named"),
        (("etc/.wh.passwd", 0o644, 0), "not-named"),
    ] {
        let output = scan(&project, CONFIG, &[CLEAN.as_slice(), &[entry]].concat());
        output.assert_found(entry.0.trim_end_matches('/'), rule);
    }
}

#[test]
fn root_process_and_secret_variable_are_found() {
    let project = project();
    scan(&project, &CONFIG.replace("65532:65532", "0:0"), &CLEAN).assert_found("USER", "runs-as-root");
    scan(&project, &CONFIG.replace("MYAPP_LISTEN", "SECRET_KEY"), &CLEAN)
        .assert_found("ENV", "secret-variable");
}

#[test]
fn file_that_is_no_image_fails() {
    let project = project();
    let file = checkout().join("Cargo.toml");
    let output = project.scan(&["image", "--image", file.to_str().unwrap()]);
    assert_eq!(output.code, Some(1), "{}", output.text);
    assert!(output.text.contains("failed: cannot read the image in"), "{}", output.text);
}
