//! Pages of other sites in an operator's browser, and what they get from the operator listener: nothing.

use serde_json::Value;

use crate::http::{Answer, get, request, send};
use crate::service::Service;

const CANARY: (&str, &str) = ("SECRET_KEY", "canary-key-7f3a9c");

/// Every method of every path of the operator listener.
fn operations(service: &Service) -> Vec<(String, String)> {
    let document = get(service.operator, "/openapi.json").json();
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    let operations: Vec<_> = paths.iter().flat_map(of_path).collect();
    assert!(operations.len() > 9, "{operations:?}");
    operations
}

/// What a page could make the service do.
fn state(service: &Service) -> [Value; 3] {
    let told = |path| get(service.operator, path).json();
    [told("/api/v1/accesses"), told("/log-level"), told("/api/v1/history")]
}

fn assert_tells_nothing(answer: &Answer, statuses: &[u16], what: &str) {
    assert!(statuses.contains(&answer.status), "{what}: {} {}", answer.status, answer.body);
    assert!(!answer.body.contains("canary"), "{what}");
    assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control")), "{what}");
}

#[test]
fn no_route_answers_a_page_of_another_origin_or_a_rebinding_host() {
    let service = Service::start(&[], &[CANARY]);
    let before = state(&service);
    let level = r#"{"level":"trace","for":"1h"}"#;
    for (method, path) in operations(&service) {
        let own_port = format!("http://127.0.0.1:{}", service.operator.port());
        let other_port = "http://127.0.0.1:3000".to_owned();
        for (name, value, status) in [
            ("Host", "rebound.example", 421),
            ("Host", "rebound.example:9091", 421),
            ("Host", "127.0.0.1.rebound.example", 421),
            ("Sec-Fetch-Site", "cross-site", 403),
            ("Sec-Fetch-Site", "same-site", 403),
            ("Origin", "https://evil.example", 403),
            ("Origin", "null", 403),
            ("Origin", &other_port, 403),
        ] {
            // All else is as a page of its own would send it.
            let mut headers = vec![("Content-Type", "application/json"), ("X-Requested-By", "page")];
            if name == "Host" {
                headers.push(("Sec-Fetch-Site", "same-origin"));
            } else if name == "Sec-Fetch-Site" {
                headers.push(("Origin", &own_port));
            }
            headers.push((name, value));
            let answer = send(service.operator, &method, &path, &headers, level);
            assert_tells_nothing(&answer, &[status], &format!("{method} {path} {name}: {value}"));
        }
    }
    assert_eq!(state(&service), before);
}

#[test]
fn no_form_changes_anything_even_where_the_browser_says_nothing_of_its_page() {
    let service = Service::start(&[], &[CANARY]);
    let before = state(&service);
    let level = r#"{"level":"trace","for":"1h"}"#;
    for (method, path) in operations(&service) {
        let what = format!("{method} {path}");
        for media_type in
            ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
        {
            let answer = send(service.operator, "POST", &path, &[("Content-Type", media_type)], level);
            assert_tells_nothing(&answer, &[403], &what);
        }
        assert_tells_nothing(&send(service.operator, "POST", &path, &[], ""), &[403], &what);
        // What a browser asks before it sends anything else to another origin.
        let preflight = [
            ("Access-Control-Request-Method", method.as_str()),
            ("Access-Control-Request-Headers", "x-requested-by"),
        ];
        assert_tells_nothing(&request(service.operator, "OPTIONS", &path, &preflight), &[405], &what);
    }
    assert_eq!(state(&service), before);
}

#[test]
fn an_answer_is_of_no_use_to_a_page_that_embeds_it() {
    let service = Service::start(&[], &[CANARY]);
    let answer = get(service.operator, "/config");
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}
