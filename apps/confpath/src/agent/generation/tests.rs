use std::os::unix::fs::PermissionsExt as _;

use contract::Contract;
use live_config::{Loaded, Sources};
use serde::de::IgnoredAny;
use serde_json::json;
use tempfile::TempDir;

use super::*;

fn contract() -> Contract {
    let schema = json!({
        "type": "object",
        "properties": {
            "BIG": { "type": "integer", "format": "uint64" },
            "HOSTS": { "type": "array", "items": { "type": "string", "maxLength": 20 } },
            "RATIO": { "type": "number", "minimum": 0, "maximum": 1, "default": 0.5 },
            "TEXT": { "type": "string", "maxLength": 20 },
            "TOKEN": { "type": "string", "x-secret": true, "maxLength": 20 },
            "WAIT": { "type": "string", "format": "duration-text", "default": "30s" },
        },
    });
    Contract::from_schema(schema).unwrap()
}

fn loaded(contract: &Contract, given: &[(&str, &str)]) -> Loaded<IgnoredAny> {
    let sources = Sources::default().environment(given.iter().copied());
    Loaded::read(contract, &sources).unwrap_or_else(|problems| panic!("{problems}"))
}

fn write(store: &Store, given: &[(&str, &str)]) -> Generation {
    let contract = contract();
    store.write(&contract, &loaded(&contract, given).values).unwrap()
}

fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("out"), Duration::ZERO).unwrap();
    (folder, store)
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn generation_holds_every_setting_as_file_and_document() {
    let (_folder, store) = store();
    let given = [
        ("BIG", "18446744073709551615"),
        ("HOSTS", "a, b"),
        ("TEXT", "with blanks "),
        ("TOKEN", "marked-out-hush"),
    ];
    let generation = write(&store, &given);
    store.publish(&generation).unwrap();
    let current = store.out().join("current");
    let read = |name: &str| fs::read_to_string(current.join(name)).unwrap();
    assert_eq!(read("config/BIG"), "18446744073709551615");
    assert_eq!(read("config/RATIO"), "0.5");
    assert_eq!(read("config/TEXT"), "with blanks ");
    assert_eq!(read("secrets/TOKEN"), "marked-out-hush");
    assert_eq!(read("digest"), generation.digest());
    let document: serde_json::Value = serde_json::from_str(&read("config.json")).unwrap();
    let expected = json!({
        "BIG": 18_446_744_073_709_551_615_u64, "HOSTS": ["a", "b"], "RATIO": 0.5, "TEXT": "with blanks ",
        "TOKEN": "marked-out-hush", "WAIT": "30s",
    });
    assert_eq!(document, expected);
    for (name, expected) in [
        ("config", 0o550),
        ("secrets", 0o550),
        ("", 0o550),
        ("secrets/TOKEN", 0o440),
        ("config.json", 0o440),
        ("digest", 0o440),
    ] {
        assert_eq!(mode(&generation.directory().join(name)), expected, "{name}");
    }
}

#[test]
fn equal_content_has_another_digest_each_time() {
    let (_folder, store) = store();
    let given = [("TEXT", "same")];
    let (first, second) = (write(&store, &given), write(&store, &given));
    let copy = store.copy(&first).unwrap();
    assert!(first.digest() != second.digest() && copy.digest() != first.digest());
    for name in ["config/TEXT", "config.json"] {
        let read = |of: &Generation| fs::read_to_string(of.directory().join(name)).unwrap();
        assert_eq!(read(&copy), read(&first));
    }
    assert_eq!(fs::read_to_string(copy.directory().join("digest")).unwrap(), copy.digest());
}

#[test]
fn generation_never_in_force_leaves_no_files() {
    let (_folder, store) = store();
    let directory = write(&store, &[]).directory().to_owned();
    assert!(!directory.exists());
}

#[test]
fn leftovers_of_former_agent_are_removed() {
    let (_folder, store) = store();
    let (former, other) = (write(&store, &[]), write(&store, &[]));
    store.publish(&former).unwrap();
    let out = store.out().to_owned();
    let (former_directory, other_directory) = (former.directory().to_owned(), other.directory().to_owned());
    fs::write(store.ack(), former.digest()).unwrap();
    // As after a kill: nothing is dropped.
    std::mem::forget((former, other));
    drop(store);
    let store = Store::open(&out, Duration::ZERO);
    assert!(store.is_err(), "the lock is held by what was forgotten");
    assert!(clean(&out).unwrap().as_ref() == Some(&former_directory));
    assert!(former_directory.exists() && !other_directory.exists() && !out.join(ACK).exists());
}

#[test]
fn second_agent_is_refused_the_directory() {
    let (folder, _store) = store();
    let Err(reason) = Store::open(&folder.path().join("out"), Duration::ZERO) else { panic!("it was taken") };
    assert!(reason.contains("another confpath run"), "{reason}");
}
