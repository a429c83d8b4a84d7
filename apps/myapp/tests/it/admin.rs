use live_config::seal;
use serde_json::json;
use tempfile::tempdir;

use crate::http::get;
use crate::service::Service;

#[test]
fn the_probes_answer_on_the_admin_listener() {
    let service = Service::start(&[], &[]);
    for (path, word) in [("/livez", "live"), ("/readyz", "ready"), ("/startupz", "started")] {
        let answer = get(service.admin, path);
        assert_eq!((answer.status, answer.body), (200, format!("{{\"status\":\"{word}\"}}\n")));
    }
}

#[test]
fn digests_tell_what_was_rendered_mounted_and_runs() {
    let directory = tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let rendered = seal([("LOG_LEVEL", b"info".as_slice()), ("MAX_CONNECTIONS", b"7")]);
    write("config/LOG_LEVEL", "info");
    write("config/MAX_CONNECTIONS", "7");
    write("config/CONFIG_SEAL", &rendered);
    write("secrets/SECRET_KEY", "hush");
    let flag = format!("--config-dir={}", directory.path().display());

    let service = Service::start(&[&flag], &[]);
    let digests = get(service.admin, "/digests");
    assert_eq!(
        digests.json(),
        json!({ "state": "converged", "apply": "converged", "reasons": [], "retrying": false, "since": digests.json()["since"],
                "release": "matches", "pinned": [], "generation": 1,
                "rendered": rendered, "mounted": rendered, "running": rendered })
    );
    drop(service);

    write("config/MAX_CONNECTIONS", "8");
    let service = Service::start(&[&flag], &[]);
    let digests = get(service.admin, "/digests").json();
    assert_eq!((&digests["state"], &digests["release"]), (&json!("drifted"), &json!("drifted")));
}

#[test]
fn settings_held_by_the_environment_are_told_as_pinned() {
    let service = Service::start(&[], &[("LOG_LEVEL", "warning"), ("SECRET_KEY", "hush")]);
    let digests = get(service.admin, "/digests").json();
    assert_eq!(digests["state"], "pinned");
    assert_eq!(digests["pinned"], json!(["LOG_LEVEL", "SECRET_KEY"]));
}
