//! Refused pushes and their messages. Each test has a copy of the artifacts, because a push writes to them.

use std::fs;
use std::process::Output;

use e2e::harness::registry::{Published, Registry};
use e2e::release::{ARTIFACTS, CopiedArtifacts, both_streams};
use e2e::secret_scan::Search;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const USER: &str = "release";
const PASSWORD: &str = "MARKED-registry-password-5e1a";
/// The password's bcrypt hash, with the least possible cost.
const HTPASSWD: &str = "release:$2b$04$6Kb965YdxUSFJi8TT7mhReb7kKt1sdULKj4WWlzchxUnnXQqW25uu\n";

/// Changes a part and its record in `release.json`, as another build would.
fn make_otherwise(artifacts: &CopiedArtifacts, part: &str) {
    let mut content = fs::read(artifacts.file(part)).unwrap();
    content.push(b'\n');
    fs::write(artifacts.file(part), &content).unwrap();
    let hash = Sha256::digest(&content);
    let digest = hash.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"));
    edit_record(artifacts, |record| record[part]["digest"] = digest.into());
}

fn edit_record(artifacts: &CopiedArtifacts, edit: impl FnOnce(&mut Value)) {
    let mut record = artifacts.record();
    edit(&mut record);
    fs::write(artifacts.folder.join("release.json"), record.to_string()).unwrap();
}

fn refused(output: &Output) -> String {
    let said = both_streams(output);
    assert!(!output.status.success(), "{said}");
    said
}

#[test]
fn a_version_that_is_there_is_not_replaced() {
    let registry = Registry::open();
    let to = format!("{}/team", registry.address());
    let artifacts = ARTIFACTS.copied();
    assert!(artifacts.push(&to).status().unwrap().success());
    let published = Published::read(&artifacts.folder);

    make_otherwise(&artifacts, "chart");
    let said = refused(&artifacts.push(&to).output().unwrap());
    assert!(
        said.contains("/team/charts/myapp:") && said.contains("is there already and is another one"),
        "{said}"
    );
    assert!(said.contains("cargo xtask release bump"), "{said}");
    // The refused push has changed neither the registry nor the record of the version.
    let unchanged = ARTIFACTS.copied();
    assert!(unchanged.push(&to).status().unwrap().success());
    assert_eq!(Published::read(&unchanged.folder), published);
}

#[test]
fn all_push_problems_are_reported_at_once() {
    let registry = Registry::open();
    let (one, other) = (ARTIFACTS.copied(), ARTIFACTS.copied());
    fs::write(one.file("sbom"), "other").unwrap();
    edit_record(&other, |record| record["commit"] = "another".into());
    let mut push = one.push(&format!("{}/team", registry.address()));
    let said = refused(&push.arg("--from").arg(&other.folder).output().unwrap());
    for reason in [
        ".cdx.json is not what the build made",
        "not of the same commit",
        "both for \"amd64\"",
        "both for \"arm64\"",
    ] {
        let is_other_architecture = reason.contains("both for")
            && !reason.contains(one.record()["platform"]["architecture"].as_str().unwrap());
        assert!(is_other_architecture || said.contains(reason), "{reason}: {said}");
    }
    assert!(said.contains("nothing was pushed"), "{said}");
    assert!(!one.folder.join("published.json").exists());
}

#[test]
fn uncommitted_build_is_never_pushed() {
    let artifacts = ARTIFACTS.copied();
    edit_record(&artifacts, |record| record["modified"] = true.into());
    // `.invalid` is a name that no registry can have: the push is refused before any connection.
    let said = refused(&artifacts.push("registry.invalid/team").output().unwrap());
    assert!(said.contains("built from changes that are not committed"), "{said}");
}

#[test]
fn push_login_is_explained_and_password_never_shown() {
    let registry = Registry::of(HTPASSWD);
    let to = format!("{}/team", registry.address());
    let artifacts = ARTIFACTS.copied();
    let credentials = tempfile::tempdir().unwrap();
    let push = |password: Option<&str>| {
        let auth = password.map(|password| {
            let auth = base64::Engine::encode(
                &base64::engine::general_purpose::STANDARD,
                format!("{USER}:{password}"),
            );
            json!({ registry.address().to_string(): { "auth": auth } })
        });
        let config = json!({ "auths": auth.unwrap_or_else(|| json!({})) });
        fs::write(credentials.path().join("config.json"), config.to_string()).unwrap();
        let mut push = artifacts.push(&to);
        push.env_remove("REGISTRY_AUTH_FILE").env("DOCKER_CONFIG", credentials.path()).output().unwrap()
    };
    for password in [None, Some("wrong-password")] {
        let said = refused(&push(password));
        assert!(said.contains(&format!("docker login {}", registry.address())), "{said}");
        assert!(!said.contains("wrong-password"), "{said}");
    }
    let output = push(Some(PASSWORD));
    let said = both_streams(&output);
    assert!(output.status.success(), "{said}");
    let search = Search::new(&[("password", PASSWORD)]);
    assert!(search.look("output", said.as_bytes()).is_empty(), "{said}");
    for file in ["published.json", "published-values.yaml", "release.json"] {
        let text = fs::read(artifacts.folder.join(file)).unwrap();
        assert!(search.look(file, &text).is_empty(), "{file}");
    }
}
