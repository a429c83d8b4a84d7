use std::collections::BTreeMap;

use live_config::Key;

use super::*;

fn verdict(key: &str, text: &str) -> Vec<String> {
    let contract = contract().unwrap();
    contract.key(key).map(|key: &Key| key.violations(text)).unwrap()
}

fn all(key: &str, texts: &[&str], accepted: bool) {
    for text in texts {
        assert_eq!(verdict(key, text).is_empty(), accepted, "{key}={text:?}: {:?}", verdict(key, text));
    }
}

#[test]
fn the_contract_is_the_published_one() {
    let contract = contract().unwrap();
    let told: BTreeMap<_, _> = contract
        .keys()
        .iter()
        .map(|key| (key.name.as_str(), (key.default.as_deref(), key.required, key.secret)))
        .collect();
    let expected = BTreeMap::from([
        ("API_BASE_URL", (Some("/"), false, false)),
        ("CACHE_PASSWORD", (None, false, true)),
        ("CACHE_URL", (None, false, false)),
        ("CACHE_USER", (None, false, true)),
        ("DATABASE_URL", (None, false, false)),
        ("DB_PASSWORD", (None, false, true)),
        ("DB_USER", (None, false, true)),
        ("LOG_LEVEL", (Some("error"), false, false)),
        ("MAX_CONNECTIONS", (Some("30"), false, false)),
        ("SECRET_KEY", (None, true, true)),
    ]);
    assert_eq!(told, expected);
}

#[test]
fn defaults_are_values_of_their_own_contract() {
    for key in contract().unwrap().keys() {
        let refused = key.default.as_deref().map(|text| key.violations(text)).unwrap_or_default();
        assert!(refused.is_empty(), "{}: {refused:?}", key.name);
    }
}

#[test]
fn base_url_is_unambiguous_path_or_http_url() {
    let good = [
        "/",
        "/api",
        "/api/",
        "/a/b.c/~d",
        "/..x",
        "/.well-known",
        "http://example.org",
        "https://example.org/",
        "https://example.org:8443/api/v1",
        "http://[::1]:8080/x",
        "http://10.0.0.1",
        "/configuration",
    ];
    all("API_BASE_URL", &good, true);
    let bad = [
        "",
        "//x",
        "no-slash",
        "/a/../b",
        "/a/./b",
        "/..",
        "/.",
        "/a//b",
        "javascript:x",
        "ftp://example.org",
        "http://",
        "http:///x",
        "http://user@example.org",
        "http://example.org?x",
        "/a?b",
        "/a#b",
        "/a%2e%2e/b",
        "/a b",
        " /a",
        "/a\0",
        "/a\n",
        "/é",
        "HTTP://example.org",
        "http://example.org:99999",
        "http://-x.org",
        "/config",
        "/healthz/",
        "https://example.org/readyz",
        "/openapi.json/x",
    ];
    all("API_BASE_URL", &bad, false);
    assert_eq!(
        verdict("API_BASE_URL", "/config"),
        ["must not begin with the name of a route (config, healthz, openapi.json, readyz)"]
    );
}

#[test]
fn base_url_path_has_no_trailing_slash() {
    let path = |text: &str| serde_json::from_value::<BaseUrl>(text.into()).unwrap().path().to_owned();
    assert_eq!(path("/"), "");
    assert_eq!(path("/api/"), "/api");
    assert_eq!(path("https://example.org"), "");
    assert_eq!(path("https://example.org:8443/api/v1"), "/api/v1");
}

#[test]
fn log_level_names_ignore_case() {
    all("LOG_LEVEL", &["trace", "DEBUG", "Info", "warn", "warning", "error", "CriTical"], true);
    all("LOG_LEVEL", &["", "verbose", "err", " info", "info\n", "ınfo"], false);
}

#[test]
fn database_beyond_loopback_needs_verify_full() {
    let good = [
        "sqlite:/var/lib/myapp/myapp.db",
        "sqlite:myapp.db",
        "postgres://app@localhost/app",
        "postgresql://app@127.0.0.1:5432/app?sslmode=disable",
        "postgres://app@db.example.org/app?sslmode=verify-full",
        "postgres://app@db.example.org:5432/app?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgres://app@db.example.org:5432/app?sslrootcert=/etc/ca.pem&sslmode=verify-full",
        "postgres://app@LocalHost/app?sslmode=require",
        "postgres://app@127.1.2.3/app",
    ];
    all("DATABASE_URL", &good, true);
    let bad = [
        "",
        "sqlite:",
        "sqlite:/",
        "sqlite://data.db",
        "sqlite:///data.db",
        "postgres://app@db.example.org/app?sslrootcert=/etc/ca.pem&sslmode=require",
        "postgres://app@localhost/app?sslrootcert=/etc/ca.pem",
        "postgres://app@127.0.0.256/app",
        "postgres://app@128.0.0.1/app",
        "mysql://app@localhost/app",
        "postgres://app:hush@localhost/app",
        "postgres://localhost/app",
        "postgres://app@db.example.org/app",
        "postgres://app@db.example.org/app?sslmode=require",
        "postgres://app@localhost@db.example.org/app",
        "postgres://app@localhost.example.org/app",
        "postgres://app@db.example.org/app?sslmode=verify-full&password=hush",
        "postgres://app@db.example.org:0/x?sslmode=verify-full",
    ];
    all("DATABASE_URL", &bad, false);
}

#[test]
fn refused_database_url_is_not_repeated() {
    let told = verdict("DATABASE_URL", "postgres://app:hush@localhost/app").join("\n");
    assert!(told.contains("without a password"), "{told}");
    assert!(!told.contains("hush"), "{told}");
}

#[test]
fn secrets_have_type_and_length_only() {
    all("SECRET_KEY", &["x", "π", &"x".repeat(4096)], true);
    all(
        "SECRET_KEY",
        &["", "a\0b", "a\nb", "a\u{85}b", "a\u{2028}b", "\u{feff}a", "a\u{9f}", &"x".repeat(4097)],
        false,
    );
    all("DB_PASSWORD", &["", "p123"], true);
    all("DB_USER", &["", "v-token-app-x7Gq", "role@server", &"x".repeat(63)], true);
    all("DB_USER", &["a\0b", "a\nb", &"x".repeat(64)], false);
}
