use test_support::http::raw::blocking::{exchange, get, request};

use crate::databases::{Kind, on_both_databases};
use crate::service::Service;

on_both_databases! {
    exposed_config_is_known_157_bytes
    config_masks_secrets_unless_exposed
    exposed_secrets_show_only_to_loopback_requests
    with_nothing_set_it_serves_its_defaults
    the_probes_answer_their_exact_bytes
    every_route_answers_below_base_path_too
    the_document_of_config_has_the_described_keys
    missing_route_gives_problem_document_with_request_id
    memory_and_router_answer_the_same
}

/// The final bytes of the seed's walk-through.
const WALK_THROUGH: &str = concat!(
    r#"{"API_BASE_URL":"/","DB_PASSWORD":"passw0rdXyZ","LOG_LEVEL":"debug","MAX_CONNECTIONS":"50","#,
    r#""SECRET_KEY":"Secr3tXyz","message":"Config and secrets accessed"}"#,
    "\n"
);

const SEED: [(&str, &str); 4] = [
    ("SECRET_KEY", "Secr3tXyz"),
    ("DB_PASSWORD", "passw0rdXyZ"),
    ("LOG_LEVEL", "debug"),
    ("MAX_CONNECTIONS", "50"),
];

fn exposed_config_is_known_157_bytes(kind: &Kind) {
    assert_eq!(WALK_THROUGH.len(), 157);
    kind.learn("passw0rdXyZ");
    let service = Service::start(kind, &["--expose-secrets"], &SEED);
    let answer = get(service.public, "/config");
    assert_eq!(answer.body, WALK_THROUGH);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

fn config_masks_secrets_unless_exposed(kind: &Kind) {
    kind.learn("passw0rdXyZ");
    let service = Service::start(kind, &[], &SEED);
    let masked = WALK_THROUGH.replace("passw0rdXyZ", "********").replace("Secr3tXyz", "********");
    assert_eq!(get(service.public, "/config").body, masked);
}

fn exposed_secrets_show_only_to_loopback_requests(kind: &Kind) {
    kind.learn("passw0rdXyZ");
    let service =
        Service::start(kind, &["--expose-secrets"], &[&SEED[..], &[("API_BASE_URL", "/base")]].concat());
    let shows = |path: &str, headers: &[(&str, &str)]| {
        let answer = request(service.public, "GET", path, headers);
        assert_eq!(answer.status, 200, "{path} {headers:?}");
        let shown = ["Secr3tXyz", "passw0rdXyZ"].map(|secret| answer.body.contains(secret));
        assert_eq!(shown[0], shown[1], "{}", answer.body);
        assert_ne!(shown[0], answer.body.contains("********"), "{}", answer.body);
        shown[0]
    };
    for path in ["/config", "/base/config", "/config?x"] {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "127.0.0.1",
            "127.0.0.1:8080",
            "127.0.0.2",
            "127.1",
            "[::1]:1",
            "[::ffff:127.0.0.1]",
            "[0:0:0:0:0:0:0:1]",
        ] {
            assert!(shows(path, &[("Host", host)]), "{path} {host}");
        }
        for host in [
            "",
            "rebound.example",
            "rebound.example:8080",
            "localhost.rebound.example",
            "127.0.0.1.rebound.example",
            "10.0.0.1:5000",
            "0.0.0.0:5000",
            "[::]",
            "[fe80::1]",
            "myapp",
        ] {
            assert!(!shows(path, &[("Host", host)]), "{path} {host}");
        }
        for (name, value) in [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
            ("Origin", "http://evil.example"),
        ] {
            assert!(!shows(path, &[(name, value)]), "{path} {name}: {value}");
        }
        assert!(shows(path, &[("Sec-Fetch-Site", "none")]), "{path}");
    }
    let old = exchange(service.public, "GET /config HTTP/1.0\r\n\r\n").unwrap();
    assert!(old.contains("********") && !old.contains("Secr3tXyz"), "{old}");
    let absolute =
        exchange(service.public, "GET http://rebound.example/config HTTP/1.0\r\nHost: localhost\r\n\r\n")
            .unwrap();
    assert!(absolute.contains("********") && !absolute.contains("Secr3tXyz"), "{absolute}");
}

fn with_nothing_set_it_serves_its_defaults(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    let config = get(service.public, "/config").json();
    assert_eq!(config["API_BASE_URL"], "/");
    assert_eq!(config["LOG_LEVEL"], "error");
    assert_eq!(config["MAX_CONNECTIONS"], "30");
    assert_eq!(config["SECRET_KEY"], "********");
}

fn the_probes_answer_their_exact_bytes(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    service.until_ready();
    let healthz = get(service.public, "/healthz");
    assert_eq!(
        (healthz.status, healthz.body.as_str(), healthz.header("content-type")),
        (200, "{\"status\":\"ok\"}\n", Some("application/json"))
    );
    let readyz = get(service.public, "/readyz");
    assert_eq!((readyz.status, readyz.body.as_str()), (200, "{\"status\":\"ready\"}\n"));
}

fn every_route_answers_below_base_path_too(kind: &Kind) {
    let service = Service::start(kind, &[], &[("API_BASE_URL", "https://example.org/team/api")]);
    service.until_ready();
    for path in ["/", "/config", "/healthz", "/readyz", "/openapi.json"] {
        let at_root = get(service.public, path);
        let below = get(service.public, &format!("/team/api{path}"));
        assert_eq!((below.status, &below.body), (200, &at_root.body), "{path}");
    }
    assert_eq!(get(service.public, "/team/api").status, 200);
    assert_eq!(get(service.public, "/team/apiary/config").status, 404);
    assert_eq!(get(service.public, "/team/config").status, 404);
}

fn the_document_of_config_has_the_described_keys(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    let document = get(service.public, "/openapi.json").json();
    let schema =
        &document["paths"]["/config"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    let described: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    let answered: Vec<_> =
        get(service.public, "/config").json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(described, answered);
}

fn missing_route_gives_problem_document_with_request_id(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    let missing = get(service.public, "/digests");
    assert_eq!(missing.status, 404);
    assert_eq!(missing.header("content-type"), Some("application/problem+json"));
    assert_eq!(missing.json()["request_id"].as_str(), missing.header("x-request-id"));
    let refused = request(service.public, "POST", "/config", &[]);
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET,HEAD")));
}

fn memory_and_router_answer_the_same(kind: &Kind) {
    let service = Service::start(kind, &[], &[("API_BASE_URL", "/base")]);
    service.until_ready();
    let shown = |path: &str| {
        let answer = get(service.public, path);
        let kept = ["content-type", "cache-control", "content-length"];
        let headers = kept.map(|name| answer.header(name).map(str::to_owned));
        assert!(answer.header("x-request-id").is_some());
        (answer.status, headers, answer.body)
    };
    // Below the base path the router answers.
    for path in ["/config", "/healthz", "/readyz"] {
        assert_eq!(shown(path), shown(&format!("/base{path}")), "{path}");
    }
}
