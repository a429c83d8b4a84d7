use live_config::seal;
use serde_json::json;
use test_support::http::raw::blocking::{get, request};
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::{Kind, borrowed, on_both_databases};
use crate::mount::Mount;
use crate::service::Service;

on_both_databases! {
    the_probes_answer_on_the_admin_listener
    digests_tell_what_was_rendered_mounted_and_runs
    environment_settings_are_reported_as_pinned
    metrics_count_requests_by_route_whoever_answers_them
    metrics_format_follows_accept_header
}

fn the_probes_answer_on_the_admin_listener(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    service.until_ready();
    for (path, word) in [("/livez", "live"), ("/readyz", "ready"), ("/startupz", "started")] {
        let answer = get(service.admin, path);
        assert_eq!((answer.status, answer.body), (200, format!("{{\"status\":\"{word}\"}}\n")));
    }
}

fn digests_tell_what_was_rendered_mounted_and_runs(kind: &Kind) {
    let own = kind.files();
    let config =
        [borrowed(&own), vec![("config/LOG_LEVEL", "info"), ("config/MAX_CONNECTIONS", "7")]].concat();
    let keys =
        config.iter().filter_map(|(name, text)| Some((name.strip_prefix("config/")?, text.as_bytes())));
    let rendered = seal(keys);
    let with = |connections| {
        [
            ("config/LOG_LEVEL", "info"),
            ("config/MAX_CONNECTIONS", connections),
            ("config/CONFIG_SEAL", rendered.as_str()),
            ("secrets/SECRET_KEY", "hush"),
        ]
    };
    let mount = Mount::of(kind, &with("7"));
    let service = Service::mounted(kind, &mount);
    service.until_ready();
    // A replica with an SQLite file is ready before its first check has ended.
    until(
        DEADLINE,
        "reached",
        || get(service.admin, "/digests").json(),
        |seen| seen["dependencies"][0]["up"] == true,
    );
    let digests = get(service.admin, "/digests");
    let dependency = json!({ "name": "database", "shared": digests.json()["dependencies"][0]["shared"], "up": true, "reason": null,
        "code": null, "blocks_readiness": false, "age_ms": digests.json()["dependencies"][0]["age_ms"] });
    assert_eq!(
        digests.json(),
        json!({ "state": "converged", "apply": "converged", "reasons": [], "retrying": false, "since": digests.json()["since"],
                "release": "matches", "pinned": [], "generation": 1,
                "rendered": rendered, "mounted": rendered, "running": rendered,
                "ready": true, "stopping": false, "dependencies": [dependency] })
    );
    drop(service);

    mount.swap(&with("8"));
    let service = Service::mounted(kind, &mount);
    let digests = get(service.admin, "/digests").json();
    assert_eq!((&digests["state"], &digests["release"]), (&json!("drifted"), &json!("drifted")));
}

fn environment_settings_are_reported_as_pinned(kind: &Kind) {
    let service = Service::start(kind, &[], &[("LOG_LEVEL", "warning"), ("SECRET_KEY", "hush")]);
    let digests = get(service.admin, "/digests").json();
    assert_eq!(digests["state"], "pinned");
    let own = kind.settings().into_iter().map(|(name, _)| name);
    let mut pinned: Vec<_> = own.chain(["LOG_LEVEL", "SECRET_KEY"]).collect();
    pinned.sort_unstable();
    assert_eq!(digests["pinned"], json!(pinned));
}

fn metrics_count_requests_by_route_whoever_answers_them(kind: &Kind) {
    let service = Service::start(kind, &[], &[("API_BASE_URL", "/base")]);
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
        concat!("myapp_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\",commit=\""),
    ] {
        assert!(answer.body.contains(name), "{name} in {}", answer.body);
    }
}

fn metrics_format_follows_accept_header(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    let asked = |accept| request(service.admin, "GET", "/metrics", &[("Accept", accept)]);
    // The first request makes the series of requests, unless the fast path has made one beforehand.
    asked("*/*");
    let text = asked("text/plain;version=0.0.4;q=0.5, application/openmetrics-text;q=0.4");
    assert_eq!(text.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(text.header("vary"), Some("accept"));
    assert!(text.body.contains("# TYPE http_server_connections_total counter\n"), "{}", text.body);
    assert!(text.body.contains("# TYPE myapp_build_info gauge\nmyapp_build_info{"), "{}", text.body);
    assert!(!text.body.contains("# EOF") && !text.body.contains("# UNIT"), "{}", text.body);
    let open_metrics = asked("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
    assert!(
        open_metrics
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text; version=1.0.0")
    );
    assert!(open_metrics.body.contains("# TYPE http_server_connections counter\n"));
    assert!(open_metrics.body.contains("# TYPE myapp_build info\nmyapp_build_info{"));
    let names = |body: &str| {
        let samples = body.lines().filter(|line| !line.starts_with('#'));
        samples
            .map(|line| line.split(['{', ' ']).next().unwrap().to_owned())
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(&text.body), names(&open_metrics.body));
}
