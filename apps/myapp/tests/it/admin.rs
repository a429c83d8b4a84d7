use live_config::seal;
use serde_json::json;
use tempfile::tempdir;

use crate::http::{get, request};
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

#[test]
fn metrics_count_requests_by_route_whoever_answers_them() {
    let service = Service::start(&[], &[("API_BASE_URL", "/base")]);
    get(service.public, "/config");
    get(service.public, "/base/config");
    request(service.public, "HEAD", "/config", &[]);
    get(service.public, "/nowhere/4711");
    let answer = get(service.admin, "/metrics");
    assert_eq!(
        answer.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let counted = |method: &str, route: &str, status: u16, expected: u32| {
        let line = format!(
            "http_server_request_duration_seconds_count{{listener=\"public\",http_request_method=\"{method}\",\
             http_route=\"{route}\",http_response_status_code=\"{status}\"}} {expected}\n"
        );
        assert!(answer.body.contains(&line), "{line} in {}", answer.body);
    };
    counted("GET", "/config", 200, 2);
    counted("HEAD", "/config", 200, 1);
    counted("GET", "unmatched", 404, 1);
    assert!(!answer.body.contains("4711"), "{}", answer.body);
    assert!(answer.body.ends_with("# EOF\n"), "{}", answer.body);
    for name in [
        "log_lines_dropped_total 0",
        "http_server_connections_total ",
        "process_open_fds ",
        "tokio_alive_tasks ",
    ] {
        assert!(answer.body.contains(name), "{name} in {}", answer.body);
    }
}
