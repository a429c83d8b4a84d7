//! The ConfigMap: what it holds, its seal, and when a change of it replaces pods.

use std::fmt::Write as _;

use e2e::helm::Values;
use e2e::objects::{data, data_keys, find};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{ci_file, contract, deployment_pod, only, render};

fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The seal as the contract between chart and process defines it, from the ConfigMap's raw bytes.
fn seal(config_map: &Value) -> String {
    let keys = data_keys(config_map).into_iter().filter(|key| *key != "CONFIG_SEAL");
    let lines: String =
        keys.map(|key| format!("{key}={}\n", sha256_hex(&data(config_map, key).unwrap()))).collect();
    sha256_hex(lines.as_bytes())
}

fn checksum(values: &Values) -> String {
    let objects = render(values);
    deployment_pod(&objects)["metadata"]["annotations"]["checksum/config"].as_str().unwrap().to_owned()
}

#[test]
fn rendered_seal_equals_seal_of_mounted_bytes() {
    // An ampersand is what a detour through JSON would change.
    let url = "postgres://app@db.example.com/app?sslmode=verify-full&sslrootcert=/etc/ca.pem";
    let awkward = ci_file("existing-secret").set("config.DATABASE_URL", url);
    for values in [Values::minimal(), ci_file("env-delivery"), ci_file("postgres"), awkward] {
        let objects = render(&values);
        let config_map = only(&objects, "ConfigMap");
        assert_eq!(config_map["data"]["CONFIG_SEAL"], seal(config_map), "{values:?}");
    }
}

#[test]
fn values_arrive_as_the_texts_that_were_given() {
    let number =
        Values::minimal().document(json!({"config": {"MAX_CONNECTIONS": 1000, "LOG_LEVEL": "Warning"}}));
    let objects = render(&number.set_string("config.API_BASE_URL", "https://api.example.com/v1"));
    let config = &only(&objects, "ConfigMap")["data"];
    assert_eq!(config["MAX_CONNECTIONS"], "1000");
    assert_eq!(config["LOG_LEVEL"], "Warning");
    assert_eq!(config["API_BASE_URL"], "https://api.example.com/v1");
}

#[test]
fn omitted_setting_is_left_to_process() {
    let objects =
        render(&Values::minimal().set("config.LOG_LEVEL", "null").set("config.API_BASE_URL", "null"));
    assert_eq!(data_keys(only(&objects, "ConfigMap")), ["CONFIG_SEAL", "MAX_CONNECTIONS"]);
}

#[test]
fn values_yaml_repeats_the_contracts_defaults() {
    let objects = render(&Values::minimal());
    let config_map = only(&objects, "ConfigMap");
    for (key, setting) in contract() {
        if let Some(default) = setting.get("default") {
            assert_eq!(&config_map["data"][&key], default, "{key}");
        }
    }
}

#[test]
fn env_delivery_pods_follow_only_config_map_changes() {
    let values = Values::minimal().set("config.delivery", "env");
    let before = checksum(&values);
    assert_eq!(before, checksum(&values.clone().set("replicaCount", "5")), "something else changed");
    assert_eq!(before, checksum(&values.clone().set("config.SECRET_KEY", "other")), "a secret changed");
    assert_eq!(before, checksum(&values.clone().set("config.LOG_LEVEL", "error")), "nothing changed");
    assert_ne!(before, checksum(&values.clone().set("config.LOG_LEVEL", "info")), "a setting changed");
}

#[test]
fn with_files_delivery_no_setting_replaces_a_pod() {
    let pod = |values: &Values| deployment_pod(&render(values)).clone();
    let values = Values::minimal();
    let before = pod(&values);
    assert_eq!(
        before,
        pod(&values.clone().set("config.LOG_LEVEL", "info").set("config.MAX_CONNECTIONS", "7"))
    );
    assert_eq!(before, pod(&values.set("config.SECRET_KEY", "other")));
}

#[test]
fn new_secret_revision_replaces_only_pods() {
    let at = |revision: &str| render(&ci_file("existing-secret").set("secretRevision", revision));
    let (before, after) = (at("1"), at("1700000000"));
    assert_eq!(deployment_pod(&after)["metadata"]["annotations"]["secret/revision"], "1700000000");
    for (object, other) in before.iter().zip(&after) {
        assert_eq!(object == other, object["kind"] != "Deployment", "{}", object["kind"]);
    }
}

#[test]
fn numeric_secret_revision_renders_in_decimal() {
    let objects = render(&Values::minimal().document(json!({"secretRevision": 1_700_000_000})));
    assert_eq!(deployment_pod(&objects)["metadata"]["annotations"]["secret/revision"], "1700000000");
}

#[test]
fn secret_holds_only_given_keys() {
    let objects = render(&Values::minimal().set("config.SECRET_KEY", "12345678"));
    let secret = find(&objects, "Secret", "r-myapp").unwrap();
    assert_eq!(data_keys(secret), ["SECRET_KEY"]);
    assert_eq!(data(secret, "SECRET_KEY").unwrap(), b"12345678");
}
