//! `confpath verify` against admin listeners that give a fixed answer.

use std::net::TcpListener;

use serde_json::{Value, json};
use test_support::http::fixed;

use crate::{Run, Scene};

/// Digests of a replica that runs the configuration `ab`, with some fields of its own.
fn digests(own: &Value) -> Value {
    let mut document = json!({ "state": "converged", "apply": "converged", "reasons": [], "retrying": false, "since": 0,
        "release": "matches", "pinned": [], "generation": 1, "rendered": "ab", "mounted": "ab", "running": "ab" });
    document.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    document
}

fn verify(own: &Value, flags: &str) -> Run {
    let replica = fixed::server(digests(own).to_string());
    Scene::new().call(&format!("verify --peers {replica} {flags}"))
}

#[test]
fn agreeing_replicas_end_with_zero() {
    let run = verify(&json!({}), "--seal ab");
    assert_eq!((run.code(), run.stdout().as_str()), (0, "1 replicas agree\n"), "{:?}", run.problems());
}

#[test]
fn differing_replica_is_named_in_both_forms() {
    let run = verify(&json!({}), "--seal cd");
    assert_eq!(run.code(), 1);
    let problem = run.problems().remove(0);
    assert!(problem.starts_with("127.0.0.1:") && problem.ends_with(": runs ab, not cd"), "{problem}");

    let run = verify(&json!({ "ready": false }), "--seal cd --output json");
    assert_eq!((run.code(), run.problems()), (1, Vec::new()));
    let document: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(document["verdict"], "differ");
    assert_eq!((&document["replicas"], &document["not_ready"]), (&json!(1), &json!(1)));
    assert_eq!(document["problems"][0]["message"], "runs ab, not cd");
    assert!(document["problems"][0]["replica"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert_eq!(document["problems"][1]["message"], "not ready: it does not say why");
}

#[test]
fn delivered_configuration_is_accepted_only_when_asked() {
    let delivered = json!({ "state": "delivered", "apply": "delivered", "running": null, "delivered": "ab" });
    let run = verify(&delivered, "--seal ab");
    assert_eq!(run.code(), 1);
    assert!(run.problems()[0].ends_with(": delivered, not acknowledged"), "{:?}", run.problems());

    let run = verify(&delivered, "--seal ab --accept-delivered");
    let line = "1 replicas agree, 1 of them delivered, not acknowledged\n";
    assert_eq!((run.code(), run.stdout().as_str()), (0, line), "{:?}", run.problems());

    let run = verify(&delivered, "--seal cd --accept-delivered");
    assert!(run.problems()[0].ends_with(": runs ab, not cd"), "{:?}", run.problems());
}

#[test]
fn silence_is_no_verdict() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let scene = Scene::new();
    let run = scene.call(&format!("verify --peers {closed}"));
    assert_eq!(run.code(), 2);
    assert!(run.problems()[0].contains(": cannot be reached: "), "{:?}", run.problems());
    let run = scene.call("verify --peers no-such-name.invalid:9090 --output json");
    assert_eq!(run.code(), 2);
    let document: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(document["verdict"], "unknown");
}

#[test]
fn wrong_flags_of_verify_end_with_64() {
    let scene = Scene::new();
    for flags in ["", "--peers nowhere", "--peers localhost:1 --within soon"] {
        let run = scene.call(&format!("verify {flags}"));
        assert_eq!(run.code(), 64, "{flags}");
    }
}
