//! `myapp verify` against a process that imitates a replica.

use serde_json::json;
use test_support::http::fixed;

use crate::process::run;

/// Clears the screen, sets the title, and continues with forged lines.
const FORGED: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nmyapp: 3 replicas agree\n\u{9b}2J\u{2028}\u{202e}x\u{7f}";

#[test]
fn text_of_a_replica_cannot_forge_a_line() {
    let long = "x".repeat(50_000);
    let sound = json!({ "state": "converged", "apply": "converged", "reasons": [], "retrying": false, "since": 0,
        "release": "matches", "pinned": [], "generation": 1, "rendered": null, "mounted": "a", "running": "a" });
    let with = |changes: serde_json::Value| {
        let mut digests = sound.as_object().unwrap().clone();
        digests.extend(changes.as_object().unwrap().clone());
        serde_json::Value::from(digests).to_string()
    };
    let unready = |reason: &str| {
        let dependency = json!({ "name": reason, "shared": true, "up": false, "reason": reason, "code": reason,
            "age_ms": 0, "blocks_readiness": true });
        with(json!({ "ready": false, "dependencies": [dependency.clone(), dependency] }))
    };
    for body in [
        with(json!({ "apply": "rejected", "reasons": [FORGED, FORGED] })),
        with(json!({ "apply": FORGED })),
        with(json!({ "apply": "rejected", "reasons": [long, long] })),
        with(json!({ "reasons": FORGED })),
        format!("{FORGED}{long}"),
        unready(FORGED),
        unready(&long),
    ] {
        let replica = fixed::server(body);
        let peers = format!("--peers={replica}");
        let output = run(&["verify", &peers], &[]);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.len() < 3000, "{} bytes", said.len());
        for line in said.lines() {
            let begins =
                ["myapp: 1 replicas agree, 1 are not ready: ".to_owned(), format!("myapp: {replica}: ")];
            assert!(begins.iter().any(|begin| line.starts_with(begin.as_str())), "{line:?}");
        }
        let is_harmless = |c: char| c == '\n' || (!c.is_control() && !"\u{2028}\u{202e}".contains(c));
        assert!(said.chars().all(is_harmless), "{said:?}");
    }
}

#[test]
fn replica_without_readiness_field_counts_as_ready() {
    let digests = json!({ "state": "converged", "apply": "converged", "reasons": [], "retrying": false, "since": 0,
        "release": "matches", "pinned": [], "generation": 1, "rendered": null, "mounted": "a", "running": "a" });
    let peers = format!("--peers={}", fixed::server(digests.to_string()));
    assert_eq!(run(&["verify", &peers], &[]).status.code(), Some(0));
}

#[test]
fn verify_counts_the_replicas_it_expects() {
    let digests = json!({ "state": "converged", "apply": "converged", "reasons": [], "retrying": false, "since": 0,
        "release": "matches", "pinned": [], "generation": 1, "rendered": null, "mounted": "a", "running": "a" });
    let peers = format!("--peers={}", fixed::server(digests.to_string()));
    let output = run(&["verify", &peers, "--replicas=2"], &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.ends_with("1 replicas were found, 2 are expected\n"), "{said}");
    assert_eq!(run(&["verify", &peers, "--replicas=1"], &[]).status.code(), Some(0));
}
