//! Delivery of settings to the process: one mounted directory, or environment variables.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::helm::Values;
use e2e::kubelet_volume::{MountError, mount_projected};
use e2e::objects::{items, text};
use e2e::pod::start;
use serde_json::{Value, json};

use crate::support::{ci_file, ci_files, container, contract_keys, deployment_pod, only, render};

fn config_keys() -> Vec<String> {
    let mut keys = contract_keys(false);
    keys.push("CONFIG_SEAL".to_owned());
    keys.sort();
    keys
}

fn variable<'a>(objects: &'a [Value], name: &str) -> Option<&'a Value> {
    items(container(objects), "/env").iter().find(|variable| variable["name"] == name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn one_projected_volume_offers_exactly_the_contracts_keys() {
    let objects = render(&Values::minimal());
    let volumes = items(deployment_pod(&objects), "/spec/volumes");
    let projected: Vec<&Value> = volumes.iter().filter_map(|volume| volume.get("projected")).collect();
    let [volume] = projected[..] else { panic!("{} projected volumes", projected.len()) };
    let paths = |source: &Value| -> Vec<String> {
        items(source, "/items").iter().map(|item| text(item, "/path").to_owned()).collect()
    };
    let (config, secrets) = (&volume["sources"][0]["configMap"], &volume["sources"][1]["secret"]);
    assert_eq!(paths(config), config_keys().iter().map(|key| format!("config/{key}")).collect::<Vec<_>>());
    assert_eq!(
        paths(secrets),
        contract_keys(true).iter().map(|key| format!("secrets/{key}")).collect::<Vec<_>>()
    );
    assert_eq!((&config["optional"], &secrets["optional"]), (&json!(true), &json!(true)));
    assert_eq!(volume["defaultMode"], 0o440, "owner and group only");
    assert_eq!(deployment_pod(&objects)["spec"]["securityContext"]["fsGroup"], 65532);
}

#[test]
fn files_delivery_mounts_configured_directory() {
    let objects = render(&Values::minimal());
    let mounts = items(container(&objects), "/volumeMounts");
    let config = mounts.iter().find(|mount| mount["name"] == "config").unwrap();
    assert_eq!(config["mountPath"], variable(&objects, "MYAPP_CONFIG_DIR").unwrap()["value"]);
    assert_eq!(config["readOnly"], true);
    assert!(config.get("subPath").is_none(), "a subPath mount never changes");
    assert!(variable(&objects, "LOG_LEVEL").is_none(), "a key in the environment could not change live");
}

#[test]
fn env_delivery_sets_every_key_without_mounts() {
    let objects = render(&ci_file("env-delivery"));
    for (keys, reference, name) in
        [(config_keys(), "configMapKeyRef", "r-myapp"), (contract_keys(true), "secretKeyRef", "r-myapp")]
    {
        for key in keys {
            let source = &variable(&objects, &key).unwrap_or_else(|| panic!("{key}"))["valueFrom"][reference];
            assert_eq!(source, &json!({"name": name, "key": key, "optional": true}));
        }
    }
    assert!(variable(&objects, "MYAPP_CONFIG_DIR").is_none());
    assert!(!deployment_pod(&objects).to_string().contains("projected"));
}

#[test]
fn both_deliveries_take_secrets_from_the_existing_secret() {
    for delivery in ["files", "env"] {
        let objects = render(&ci_file("existing-secret").set("config.delivery", delivery));
        assert!(!objects.iter().any(|object| object["kind"] == "Secret"));
        let pod = deployment_pod(&objects)["spec"].to_string();
        assert!(pod.contains(r#""name":"myapp-secrets""#), "{delivery}");
    }
}

#[test]
fn data_directory_is_bounded_empty_dir() {
    let objects = render(&Values::minimal().set("data.sizeLimit", "7Mi"));
    let mounts = items(container(&objects), "/volumeMounts");
    let data = mounts.iter().find(|mount| mount["name"] == "data").unwrap();
    assert_eq!(data["mountPath"], variable(&objects, "MYAPP_DATA_DIR").unwrap()["value"]);
    let volumes = items(deployment_pod(&objects), "/spec/volumes");
    let volume = volumes.iter().find(|volume| volume["name"] == "data").unwrap();
    assert_eq!(volume["emptyDir"]["sizeLimit"], "7Mi");
}

#[test]
fn rendered_volume_can_be_mounted_like_kubelet() {
    let dir = tempfile::tempdir().unwrap();
    let objects = render(&Values::minimal().set("config.LOG_LEVEL", "debug"));
    mount_projected(&objects, dir.path()).unwrap();
    assert_eq!(read(&dir.path().join("config/LOG_LEVEL")), "debug");
    assert_eq!(read(&dir.path().join("secrets/SECRET_KEY")), "xyz");
    assert_eq!(
        only(&objects, "ConfigMap")["data"]["CONFIG_SEAL"],
        read(&dir.path().join("config/CONFIG_SEAL"))
    );
    assert!(!dir.path().join("secrets/DB_PASSWORD").exists(), "optional and not given");
    assert_eq!(fs::read_link(dir.path().join("config")).unwrap(), Path::new("..data/config"));
    assert!(fs::read_link(dir.path().join("..data")).unwrap().to_str().unwrap().starts_with("..2"));
}

#[test]
fn remount_swaps_payload_and_removes_old_files() {
    let dir = tempfile::tempdir().unwrap();
    mount_projected(&render(&Values::minimal().set("config.DB_PASSWORD", "p123")), dir.path()).unwrap();
    let before = fs::read_link(dir.path().join("..data")).unwrap();
    mount_projected(&render(&ci_file("existing-secret").set("config.LOG_LEVEL", "info")), dir.path())
        .unwrap();
    assert_eq!(read(&dir.path().join("config/LOG_LEVEL")), "info");
    assert!(!dir.path().join(before).exists(), "the old payload");
    let names =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert_eq!(
        names.len(),
        3,
        "{names:?}: the payload, ..data and config; secrets went with the missing Secret"
    );
}

#[test]
fn missing_object_fails_unless_marked_optional() {
    let mut objects = render(&ci_file("existing-secret"));
    let dir = tempfile::tempdir().unwrap();
    let deployment = objects.iter_mut().find(|object| object["kind"] == "Deployment").unwrap();
    let volumes = deployment["spec"]["template"]["spec"]["volumes"].as_array_mut().unwrap();
    volumes[0]["projected"]["sources"][1]["secret"]["optional"] = json!(false);
    let error = mount_projected(&objects, dir.path()).unwrap_err();
    assert!(matches!(error, MountError::MissingObject { kind: "Secret", .. }), "{error}");
}

/// A Secret as someone else makes it.
fn secret(name: &str, data: &[(&str, &str)]) -> Value {
    let data: serde_json::Map<_, _> =
        data.iter().map(|(key, value)| ((*key).to_owned(), json!(STANDARD.encode(value)))).collect();
    json!({"kind": "Secret", "metadata": {"name": name}, "data": data})
}

#[test]
fn every_ci_values_file_starts_process() {
    for file in ci_files() {
        let mut objects = render(&Values::none().file(&file));
        objects.push(secret("myapp-secrets", &[("SECRET_KEY", "xyz"), ("DB_PASSWORD", "p123")]));
        objects.push(secret("myapp-database", &[("password", "p123")]));
        let output = start(&objects).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", file.display());
    }
}
