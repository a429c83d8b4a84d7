//! Content of the container image: present and absent files.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod archive;

use std::collections::BTreeSet;
use std::path::Path;

use e2e::secret_scan::Search;
use serde_json::json;

use archive::{IMAGE, PLANTED};

/// The user that the chart's pods run as, and that no system account uses.
const USER: (u64, u64) = (65532, 65532);
const ROOT: (u64, u64) = (0, 0);

#[test]
fn image_holds_only_the_listed_files() {
    let held: BTreeSet<_> = IMAGE
        .entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry.directory, entry.mode, entry.owner))
        .collect();
    // No shell, no loader, no account file; modes without setuid, setgid or sticky bit.
    let expected = [
        ("contract.json", false, 0o644, ROOT),
        ("etc", true, 0o755, ROOT),
        ("etc/ssl", true, 0o755, ROOT),
        ("etc/ssl/certs", true, 0o755, ROOT),
        ("etc/ssl/certs/ca-certificates.crt", false, 0o644, ROOT),
        ("myapp", false, 0o755, ROOT),
        ("usr", true, 0o755, ROOT),
        ("usr/share", true, 0o755, ROOT),
        ("usr/share/sbom", true, 0o755, ROOT),
        ("usr/share/sbom/myapp.cdx.json", false, 0o644, ROOT),
        ("var", true, 0o755, ROOT),
        ("var/lib", true, 0o755, ROOT),
        ("var/lib/myapp", true, 0o755, USER),
    ];
    assert_eq!(held, BTreeSet::from(expected));
}

#[test]
fn image_starts_non_root_on_reachable_addresses() {
    let config = &IMAGE.config["config"];
    assert_eq!(config["Entrypoint"], json!(["/myapp"]));
    assert_eq!(config["Cmd"], json!(null));
    assert_eq!(config["User"], json!("65532:65532"));
    assert_eq!(config["ExposedPorts"], json!({ "5000/tcp": {}, "9090/tcp": {} }));
    assert_eq!(config["StopSignal"], json!("SIGTERM"));
    let variables = config["Env"].as_array().unwrap();
    let own: Vec<_> =
        variables.iter().filter_map(|text| text.as_str()).filter(|text| !text.starts_with("PATH=")).collect();
    let expected =
        ["MYAPP_LISTEN=[::]:5000", "MYAPP_ADMIN_LISTEN=[::]:9090", "MYAPP_DATA_DIR=/var/lib/myapp"];
    assert_eq!(own, expected);
}

#[test]
fn it_says_what_it_is() {
    let labels = &IMAGE.config["config"]["Labels"];
    let label = |name: &str| labels[format!("org.opencontainers.image.{name}")].as_str();
    assert_eq!(label("title"), Some("myapp"));
    assert_eq!(label("version"), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(label("licenses"), Some("Apache-2.0"));
    assert_eq!(label("base.name"), Some("scratch"));
    assert!(label("description").is_some_and(|text| !text.is_empty()));
}

#[test]
fn image_carries_contract_that_its_label_names() {
    let file =
        |path: &str| std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap();
    assert!(IMAGE.content("contract.json") == file("apps/myapp/contract.json"));
    let label = IMAGE.config["config"]["Labels"]["dev.confpath.contract"].as_str().unwrap();
    assert_eq!(label.len(), 64);
    // ConfigMaps name the contract by the first digits, and the policy is for those.
    let policy = String::from_utf8(file("charts/myapp/files/admission.yaml")).unwrap();
    let named = format!("confpath.dev/contract: {}", label.get(..40).unwrap());
    assert!(policy.contains(&named), "{named}");
}

#[test]
fn its_certificates_are_whole() {
    let certificates = str::from_utf8(IMAGE.content("etc/ssl/certs/ca-certificates.crt")).unwrap();
    let lines = |line: &str| certificates.lines().filter(|other| *other == line).count();
    let [begun, ended] = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"].map(lines);
    assert_eq!(begun, ended);
    // Mozilla's list has held about 140 for years.
    assert!(begun > 100, "{begun} certificates");
}

#[test]
fn build_secrets_reach_neither_layers_nor_history() {
    assert_eq!(Search::new(&PLANTED).look("image", &IMAGE.bytes).into_iter().collect::<Vec<_>>(), []);
}

#[test]
fn search_covers_layers_configuration_and_history() {
    let search = Search::new(&[
        ("certificate", "-----BEGIN CERTIFICATE-----"),
        ("binary", "whose configuration is checked before it serves"),
        ("variable", "MYAPP_DATA_DIR=/var/lib/myapp"),
        ("instruction", "STOPSIGNAL SIGTERM"),
    ]);
    let found = search.look("image", &IMAGE.bytes);
    for (value, place) in [
        ("certificate", "ca-certificates.crt"),
        ("binary", "myapp"),
        ("variable", "/config/Env/3"),
        ("instruction", "/created_by"),
    ] {
        let there = found.iter().any(|finding| finding.value == value && finding.place.ends_with(place));
        assert!(there, "{value}: {found:?}");
    }
}
