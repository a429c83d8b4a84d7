use serde_json::json;
use test_support::http::raw::Answer;
use test_support::http::raw::blocking::{get, request, send};
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::{Kind, on_both_databases};
use crate::service::Service;

on_both_databases! {
    operator_listener_shows_secrets_masked_on_public
    a_page_of_another_site_cannot_read_it
    log_level_override_expires_by_itself
    invalid_log_level_override_is_refused_with_422
    peer_calls_continue_caller_trace
}

const SETTINGS: [(&str, &str); 1] = [("SECRET_KEY", "hush-hush")];

fn put_level(service: &Service, body: &str) -> Answer {
    send(service.operator, "PUT", "/log-level", &[("Content-Type", "application/json")], body)
}

fn operator_listener_shows_secrets_masked_on_public(kind: &Kind) {
    let service = Service::start(kind, &[], &SETTINGS);
    assert_eq!(get(service.operator, "/config").json()["SECRET_KEY"], "hush-hush");
    assert_eq!(get(service.public, "/config").json()["SECRET_KEY"], "********");
}

fn a_page_of_another_site_cannot_read_it(kind: &Kind) {
    let service = Service::start(kind, &[], &SETTINGS);
    let asked = |headers: &[(&str, &str)]| request(service.operator, "GET", "/config", headers);
    for (headers, status) in [
        ([("Host", "rebound.example")], 421),
        ([("Sec-Fetch-Site", "cross-site")], 403),
        ([("Sec-Fetch-Site", "same-site")], 403),
        ([("Sec-Fetch-Site", "none")], 200),
        ([("Sec-Fetch-Site", "same-origin")], 200),
    ] {
        let answer = asked(&headers);
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.body.contains("hush"), status == 200, "{headers:?}");
    }
}

fn log_level_override_expires_by_itself(kind: &Kind) {
    let service = Service::start(kind, &[], &SETTINGS);
    assert_eq!(
        get(service.operator, "/log-level").json(),
        json!({ "in_force": "critical", "set": "critical" })
    );
    let answer = put_level(&service, r#"{"level":"DEBUG","for":"300ms"}"#);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!((&answer.json()["in_force"], &answer.json()["set"]), (&json!("debug"), &json!("critical")));
    assert!(answer.json()["until"].is_u64());
    let level = || get(service.operator, "/log-level").json();
    let level = until(DEADLINE, "the end of the level", level, |seen| seen["in_force"] != "debug");
    assert_eq!(level, json!({ "in_force": "critical", "set": "critical" }));
}

fn invalid_log_level_override_is_refused_with_422(kind: &Kind) {
    let service = Service::start(kind, &[], &SETTINGS);
    for (body, told) in [
        (r#"{"level":"debug"}"#, "missing field `for`"),
        (r#"{"level":"debug","for":"15"}"#, "a duration needs a unit"),
        (r#"{"level":"debug","for":"0s"}"#, "must be longer than zero"),
        (r#"{"level":"debug","for":"25h"}"#, "must be 24h at most"),
        (r#"{"level":"verbose","for":"1m"}"#, "unknown log level"),
        (r#"{"level":"debug","for":"1m","until":1}"#, "unknown field `until`"),
        ("debug", "expected is for example"),
    ] {
        let answer = put_level(&service, body);
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(told), "{}", answer.body);
    }
    assert_eq!(get(service.operator, "/log-level").json()["in_force"], "critical");
}

fn peer_calls_continue_caller_trace(kind: &Kind) {
    let replica = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let peers = format!("--peers={}", replica.local_addr().unwrap());
    let service = Service::start(kind, &[&peers], &SETTINGS);
    let asked = std::thread::spawn(move || {
        let mut text = String::new();
        let mut lines = std::io::BufReader::new(replica.accept().unwrap().0);
        while !text.ends_with("\r\n\r\n") {
            std::io::BufRead::read_line(&mut lines, &mut text).unwrap();
        }
        text
    });
    let (trace, caller) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let parent = format!("00-{trace}-{caller}-01");
    let answer = request(service.operator, "GET", "/api/v1/fleet", &[("traceparent", &parent)]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let asked = asked.join().unwrap();
    assert!(asked.contains(&format!("\r\ntraceparent: 00-{trace}-")), "{asked}");
    assert!(!asked.contains(caller), "{asked}");
}
