//! The OpenAPI documents, compared with the actual responses.

use std::process::Command;

use serde_json::Value;
use test_support::http::raw::blocking::{get, send};

use crate::databases::{Kind, on_both_databases};
use crate::sbom::SbomFile;
use crate::service::Service;

on_both_databases! {
    each_description_lists_exactly_what_its_listener_answers
}

const PUBLIC: &[&str] = &["get /", "get /config", "get /healthz", "get /openapi.json", "get /readyz"];
const ADMIN: &[&str] = &[
    "get /digests",
    "get /livez",
    "get /metrics",
    "get /openapi.json",
    "get /readyz",
    "get /sbom",
    "get /startupz",
];
const OPERATOR: &[&str] = &[
    "get /api/v1/accesses",
    "get /api/v1/events",
    "get /api/v1/fleet",
    "get /api/v1/history",
    "get /api/v1/status",
    "get /config",
    "get /log-level",
    "get /openapi.json",
    "post /reload",
    "put /log-level",
];

/// Returns all operations of `document` with their descriptions.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut operations: Vec<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods.iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect();
    operations.sort_by(|(one, _), (other, _)| one.cmp(other));
    operations
}

fn each_description_lists_exactly_what_its_listener_answers(kind: &Kind) {
    let sbom = SbomFile::new();
    let service = Service::start(kind, &[&sbom.flag()], &[("API_BASE_URL", "/team")]);
    for (address, server, expected) in
        [(service.public, "/team", PUBLIC), (service.admin, "/", ADMIN), (service.operator, "/", OPERATOR)]
    {
        let document = get(address, "/openapi.json").json();
        assert_eq!((&document["openapi"], &document["servers"][0]["url"]), (&"3.1.0".into(), &server.into()));
        let operations = operations(&document);
        assert_eq!(operations.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), expected);
        for (name, operation) in operations {
            // The response does not end by itself.
            if name == "get /api/v1/events" {
                continue;
            }
            let (method, path) = name.split_once(' ').unwrap();
            let headers = [("Content-Type", "application/json")];
            let body = if method == "put" { r#"{"level":"info","for":"1ms"}"# } else { "" };
            let answer = send(address, &method.to_uppercase(), path, &headers, body);
            let described = &operation["responses"][answer.status.to_string()];
            let media_type = answer.header("content-type").unwrap().split(';').next().unwrap();
            assert!(described["content"][media_type].is_object(), "{name}: {} {media_type}", answer.status);
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
        }
    }
}

/// No undocumented response and no 5xx for any request: each document, including the routes that change state.
#[test]
#[ignore = "needs schemathesis: cargo xtask test api"]
fn every_answer_is_documented_and_none_is_5xx() {
    let schemathesis = std::env::var_os("SCHEMATHESIS").unwrap_or_else(|| "schemathesis".into());
    let configuration = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis.toml");
    let kind = &Kind::sqlite();
    let other = Service::start(kind, &[], &[]);
    let sbom = SbomFile::new();
    let service = Service::start(kind, &[&format!("--peers={}", other.admin), &sbom.flag()], &[]);
    for address in [service.public, service.admin, service.operator] {
        let mut command = Command::new(&schemathesis);
        command.args(["--config-file", configuration, "--no-color", "run"]);
        // The tool writes files of its own to the directory.
        let folder = tempfile::tempdir().unwrap();
        command.arg(format!("http://{address}/openapi.json")).current_dir(&folder);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        println!("{said}");
    }
}
