//! Files, names and answers.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::{Run, Scene};

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "logLevel": { "type": "string" }, "dbPassword": { "type": "string" }, "tokenTtl": { "type": "integer" } },
        "required": ["dbPassword"],
    })
}

#[test]
fn existing_file_is_overwritten_by_force_only() {
    let scene = Scene::empty();
    let path = scene.write("contract.json", "mine");
    let run = scene.import_schema(&schema(), "--from zod --output contract.json");
    assert_eq!((run.code(), run.stdout().as_str()), (2, ""));
    assert_eq!(run.problems(), ["contract.json: exists already: say --force to overwrite it"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    let run = scene.import_schema(&schema(), "--from zod --output contract.json --force");
    assert_eq!((run.code(), run.stdout().as_str()), (0, ""));
    assert!(std::fs::read_to_string(&path).unwrap().ends_with("}\n"));
    let run = scene.import_schema(&schema(), "--from zod --output new.json");
    assert_eq!(run.code(), 0, "{:?}", run.problems());
    let names: Vec<_> =
        std::fs::read_dir(scene.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "nothing else is left behind: {names:?}");
}

#[test]
fn unreadable_file_and_wrong_flags_differ() {
    let scene = Scene::empty();
    for (flags, code) in [
        ("--from json-schema absent.json", 2),
        ("--from zod --output absent/contract.json", 2),
        ("absent.json", 64),
        ("--from yaml", 64),
        ("--from zod --force", 64),
        ("--from zod --hot NAME", 64),
        ("--from zod --secret LOG_LEVEL --not-secret LOG_LEVEL", 64),
        ("--from spring --prefix A_", 64),
    ] {
        let flags = if code == 64 || flags.contains("output") {
            format!("source.json {flags}")
        } else {
            flags.into()
        };
        let flags = flags.strip_prefix("source.json absent.json").unwrap_or(&flags).trim();
        scene.write("source.json", schema().to_string());
        let run = scene.import(if flags.is_empty() { "absent.json" } else { flags });
        assert_eq!(run.code(), code, "{flags}: {:?}", run.problems());
        assert!(!run.problems().is_empty() && run.stdout().is_empty(), "{flags}");
    }
}

#[test]
fn flags_give_what_no_source_says() {
    let scene = Scene::empty();
    let flags = "--from zod --secret LOG_LEVEL --not-secret DB_PASSWORD --hot LOG_LEVEL --prepare DB_PASSWORD --required TOKEN_TTL";
    let run = scene.import_schema(&schema(), flags);
    let contract: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(
        contract["properties"],
        json!({
            "LOG_LEVEL": { "type": "string", "x-on-change": "hot", "x-secret": true },
            "DB_PASSWORD": { "type": "string", "x-on-change": "prepare" },
            "TOKEN_TTL": { "type": "integer", "x-on-change": "restart" },
        })
    );
    assert_eq!(contract["required"], json!(["DB_PASSWORD", "TOKEN_TTL"]));
    assert_eq!(
        run.problems(),
        [
            "a change of 1 setting takes a restart: name those that a running service takes with --hot and --prepare"
        ]
    );
}

#[test]
fn order_and_names_are_kept() {
    let scene = Scene::empty();
    let run = scene.import_schema(&schema(), "--from json-schema --keep-names --prefix app_");
    let text = run.stdout();
    let place = |name: &str| text.find(name).unwrap();
    assert!(place("\"app_logLevel\"") < place("\"app_dbPassword\""), "{text}");
    scene.write(
        "source.json",
        r#"{ "type": "object", "properties": { "b": { "type": "string" }, "a": { "type": "string" }, "c": { "type": "string" } } }"#,
    );
    let text = scene.import("--from json-schema source.json").stdout();
    let place = |name: &str| text.find(name).unwrap();
    assert!(place("\"B\"") < place("\"A\"") && place("\"A\"") < place("\"C\""), "{text}");
}

#[test]
fn source_may_be_standard_input() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_confpath"));
    command
        .args(["import", "--from", "zod"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(schema().to_string().as_bytes()).unwrap();
    let run = Run(process.wait_with_output().unwrap());
    assert_eq!(run.code(), 0, "{:?}", run.problems());
    assert!(run.stdout().contains("LOG_LEVEL"));
}
