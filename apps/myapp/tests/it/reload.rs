//! Changes while the process runs, made in the way of the kubelet.

use serde_json::{Value, json};
use test_support::http::raw::blocking::{get, request};
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::{Kind, on_both_databases};
use crate::mount::Mount;
use crate::process::Serving;
use crate::service::Service;

on_both_databases! {
    base_path_changes_without_restart
    invalid_change_is_reported_while_old_configuration_serves
    log_level_changes_live_without_logging_values
    unknown_file_is_named_while_the_process_runs
    sighup_and_reload_request_trigger_immediate_read
    fleet_lists_every_replica_with_its_digests
}

fn is(key: &'static str, value: &'static str) -> impl Fn(&Value) -> bool {
    move |answer| answer[key] == value
}

const KEY: (&str, &str) = ("secrets/SECRET_KEY", "canary-key-7f3a9c");

fn base_path_changes_without_restart(kind: &Kind) {
    let mount = Mount::of(kind, &[KEY, ("config/API_BASE_URL", "/old")]);
    let service = Service::mounted(kind, &mount);
    assert_eq!(get(service.public, "/old/config").status, 200);
    mount.swap(&[KEY, ("config/API_BASE_URL", "/new")]);
    until(DEADLINE, "changed", || get(service.public, "/config").json(), is("API_BASE_URL", "/new"));
    assert_eq!(get(service.public, "/new/config").status, 200);
    assert_eq!(get(service.public, "/old/config").status, 404);
    until(DEADLINE, "settled", || get(service.admin, "/digests").json(), is("state", "converged"));
    assert_eq!(get(service.admin, "/digests").json()["generation"], 2);
}

fn unknown_file_is_named_while_the_process_runs(kind: &Kind) {
    let level = ("config/LOG_LEVEL", "info");
    let mount = Mount::of(kind, &[KEY, level]);
    let mut serving = Serving::mounted(kind, &mount, &["--drain-min=0s", "--drain-quiet=0s"]);
    let [_, admin, operator] = serving.addresses();
    mount.swap(&[KEY, level, ("config/LOG_LEVLE", "debug")]);
    let line = serving.line("unknown setting ignored");
    assert_eq!(
        (&line["setting"], &line["did_you_mean"]),
        (&json!("LOG_LEVLE"), &json!("LOG_LEVEL")),
        "{line}"
    );
    request(operator, "POST", "/reload", &[("X-Requested-By", "test")]);
    assert_eq!(get(admin, "/digests").json()["generation"], 1);
    serving.signal("-TERM");
    let (_, log) = serving.ended();
    assert!(!log.iter().any(|line| line.contains("configuration changed")), "{log:#?}");
}

fn invalid_change_is_reported_while_old_configuration_serves(kind: &Kind) {
    let mount = Mount::of(kind, &[KEY, ("config/LOG_LEVEL", "info")]);
    let service = Service::mounted(kind, &mount);
    mount.swap(&[KEY, ("config/LOG_LEVEL", "verbose")]);
    let digests =
        until(DEADLINE, "rejected", || get(service.admin, "/digests").json(), is("state", "rejected"));
    assert_eq!(digests["generation"], 1);
    assert_ne!(digests["mounted"], digests["running"]);
    assert!(digests["reasons"][0].as_str().unwrap().starts_with("LOG_LEVEL: must be trace"), "{digests}");
    assert_eq!(get(service.public, "/config").json()["LOG_LEVEL"], "info");
    let metrics = get(service.admin, "/metrics").body;
    assert!(metrics.contains("config_state{state=\"rejected\"} 1\n"), "{metrics}");
    assert!(metrics.contains("config_reload_total{outcome=\"rejected\"} 1\n"), "{metrics}");
    let status = get(service.operator, "/api/v1/status").json();
    assert_eq!((&status["apply"], &status["retrying"]), (&json!("rejected"), &json!(false)));

    mount.swap(&[KEY, ("config/LOG_LEVEL", "debug")]);
    until(DEADLINE, "healed", || get(service.admin, "/digests").json(), is("state", "converged"));
    assert_eq!(get(service.public, "/config").json()["LOG_LEVEL"], "debug");
}

fn log_level_changes_live_without_logging_values(kind: &Kind) {
    let mount = Mount::of(kind, &[KEY, ("config/LOG_LEVEL", "error")]);
    let mut serving = Serving::mounted(kind, &mount, &["--drain-min=0s", "--drain-quiet=0s"]);
    let [public, admin, _] = serving.addresses();
    get(public, "/healthz");
    mount.swap(&[("secrets/SECRET_KEY", "canary-key-2b8d41"), ("config/LOG_LEVEL", "info")]);
    let changed = serving.line("configuration changed");
    assert_eq!(changed["keys"], "LOG_LEVEL,SECRET_KEY");
    get(public, "/readyz");
    assert_eq!(serving.line("request")["route"], "/readyz");
    mount.swap(&[("secrets/SECRET_KEY", "canary-key-2b8d41\u{7}"), ("config/LOG_LEVEL", "info")]);
    until(DEADLINE, "rejected", || get(admin, "/digests").json(), is("state", "rejected"));
    let rejected = serving.line("configuration rejected, the one before serves on");
    assert!(rejected["reasons"].as_str().unwrap().contains("SECRET_KEY: contains a control character"));
    serving.signal("-TERM");
    let (_, log) = serving.ended();
    assert!(!log.iter().any(|line| line.contains("canary")), "{log:#?}");
}

fn sighup_and_reload_request_trigger_immediate_read(kind: &Kind) {
    let mount = Mount::of(kind, &[KEY, ("config/LOG_LEVEL", "error")]);
    let mut serving = Serving::mounted(kind, &mount, &[]);
    let [_, _, operator] = serving.addresses();
    mount.swap(&[KEY, ("config/LOG_LEVEL", "info")]);
    let answer = request(operator, "POST", "/reload", &[("X-Requested-By", "test")]);
    assert_eq!((answer.status, &answer.json()["generation"]), (200, &json!(2)));
    serving.signal("-HUP");
    assert_eq!(serving.line("reload asked for")["signal"], "SIGHUP");
}

fn fleet_lists_every_replica_with_its_digests(kind: &Kind) {
    let mount = Mount::of(kind, &[KEY]);
    let alone = Service::mounted(kind, &mount);
    assert_eq!(get(alone.operator, "/api/v1/fleet").status, 404);
    let peers = format!("--peers={}", alone.admin);
    let service = Service::start(kind, &[&peers], &[]);
    let fleet = get(service.operator, "/api/v1/fleet").json();
    assert_eq!((&fleet["converged"], &fleet["reasons"]), (&json!(true), &json!([])));
    assert_eq!(fleet["replicas"][0]["address"], alone.admin.to_string());
    assert_eq!(fleet["replicas"][0]["digests"]["state"], "converged");
}
