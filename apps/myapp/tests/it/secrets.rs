//! Marked secrets are placed in every input, and searched for in every output.

use myapp::store::HistoryFilter;
use test_support::http::raw::Answer;
use test_support::http::raw::blocking::{get, request};
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::{Kind, on_both_databases};
use crate::mount::Mount;
use crate::process::{Serving, refusal};
use crate::service::Service;

on_both_databases! {
    no_route_or_trace_log_shows_secrets
    refused_value_never_leaves_running_process
}

const MARKED: [(&str, &str); 2] =
    [("SECRET_KEY", "canary-key-7f3a9c"), ("DB_PASSWORD", "canary-password-51be02")];

/// A key in the form of `openssl rand -hex 16`.
const STRONG_KEY: &str = "8c1f3e0b7a92d465f0c8e37b19ad5264";

/// Returns true if `text` contains a marked secret.
fn holds_secret(text: &str) -> bool {
    MARKED.iter().any(|(_, value)| text.contains(value))
}

fn whole(answer: &Answer) -> String {
    format!("{} {:?} {}", answer.status, answer.headers, answer.body)
}

fn no_route_or_trace_log_shows_secrets(kind: &Kind) {
    let mut settings = MARKED.to_vec();
    settings.push(("LOG_LEVEL", "trace"));
    kind.learn("canary-password-51be02");
    let mut serving = Serving::start(kind, &["--drain-min=0s", "--drain-quiet=0s"], &settings);
    let [public, admin, operator] = serving.addresses();

    for path in ["/", "/config", "/healthz", "/readyz", "/openapi.json", "/nope", "/%2e%2e/config"] {
        assert!(!holds_secret(&whole(&get(public, path))), "{path}");
    }
    assert!(!holds_secret(&whole(&request(public, "GET", "/", &[("Accept", "text/html")]))));
    for path in ["/livez", "/readyz", "/startupz", "/digests", "/config"] {
        assert!(!holds_secret(&whole(&get(admin, path))), "{path}");
    }
    // A secret that a client sends must not appear in the log either.
    request(
        public,
        "GET",
        "/config?token=canary-key-7f3a9c",
        &[("Authorization", "Bearer canary-key-7f3a9c")],
    );

    // The one route that reveals secrets: shows that the search finds them.
    assert!(holds_secret(&whole(&get(operator, "/config"))));

    serving.signal("-TERM");
    let (_, log) = serving.ended();
    assert!(log.iter().any(|line| line.contains("secrets revealed on the operator listener")), "{log:#?}");
    assert!(log.iter().filter(|line| line.contains("\"message\":\"request\"")).count() > 10);
    for line in &log {
        assert!(!holds_secret(line), "{line}");
    }
}

/// A user may have pasted a password into any key.
fn refused_value_never_leaves_running_process(kind: &Kind) {
    let key = ("secrets/SECRET_KEY", "canary-key-7f3a9c");
    let mount = Mount::of(kind, &[key]);
    let mut serving = Serving::mounted(kind, &mount, &["--drain-min=0s", "--drain-quiet=0s"]);
    let [public, admin, operator] = serving.addresses();
    for refused in [
        ("config/API_BASE_URL", "https://admin:canary-password-51be02@api.example.com/"),
        ("config/DATABASE_URL", "canary-password-51be02"),
        ("config/LOG_LEVEL", "canary-password-51be02"),
        ("config/MAX_CONNECTIONS", "canary-password-51be02"),
        ("config/MAX_CONNECTIONS", "51510202"),
    ] {
        let (_, setting) = refused.0.split_once('/').unwrap();
        mount.swap(&[key, refused]);
        let digests = || get(admin, "/digests");
        until(DEADLINE, "the refusal is reported", digests, |seen| {
            seen.body.contains(&format!("\"{setting}: "))
        });
        let holds = |text: &str| holds_secret(text) || text.contains("51510202");
        for path in ["/digests", "/readyz", "/config", "/metrics"] {
            assert!(!holds(&whole(&get(admin, path))), "{path}");
        }
        for path in ["/api/v1/status", "/api/v1/history"] {
            assert!(!holds(&whole(&get(operator, path))), "{path}");
        }
        assert!(!holds(&whole(&request(public, "GET", "/", &[("Accept", "text/html")]))));
    }
    serving.signal("-TERM");
    let (_, log) = serving.ended();
    assert!(log.iter().any(|line| line.contains("MAX_CONNECTIONS: must be")), "{log:#?}");
    for line in &log {
        assert!(!holds_secret(line) && !line.contains("51510202"), "{line}");
    }
}

#[test]
fn weak_secret_key_logs_warning_and_serves() {
    let warning = |line: &String| line.contains("SECRET_KEY can be guessed");
    for (key, is_weak) in [("xyz", true), (STRONG_KEY, false)] {
        let kind = Kind::sqlite();
        let quick = ["--drain-min=0s", "--drain-quiet=0s"];
        let mut serving = Serving::start(&kind, &quick, &[("SECRET_KEY", key), ("LOG_LEVEL", "critical")]);
        let [_, admin, _] = serving.addresses();
        let metric = format!("secret_key_weak {}\n", u8::from(is_weak));
        assert!(get(admin, "/metrics").body.contains(&metric), "{key}");
        serving.signal("-TERM");
        let (status, log) = serving.ended();
        assert_eq!(
            (status.code(), log.iter().filter(|line| warning(line)).count()),
            (Some(0), is_weak.into())
        );
    }
}

#[test]
fn change_to_weak_secret_key_logs_warning() {
    let kind = Kind::sqlite();
    let mount = Mount::of(&kind, &[("secrets/SECRET_KEY", STRONG_KEY)]);
    let mut serving = Serving::mounted(&kind, &mount, &[]);
    serving.addresses();
    mount.swap(&[("secrets/SECRET_KEY", "xyz")]);
    serving.line("configuration changed");
    assert!(serving.next_line().contains("SECRET_KEY can be guessed"));
}

/// A fingerprint lets a reader of the history test guesses.
#[test]
fn only_strong_key_makes_fingerprints_never_its_own() {
    let kind = Kind::sqlite();
    let files = |key, password| [("secrets/SECRET_KEY", key), ("secrets/DB_PASSWORD", password)];
    let mount = Mount::of(&kind, &files("abc", "p123"));
    let service = Service::mounted(&kind, &mount);
    let changed = |files: &[(&str, &str)], records: usize| -> Vec<(String, String, String)> {
        mount.swap(files);
        let count = || service.history(HistoryFilter::default()).len();
        until(DEADLINE, "recorded", count, |seen| *seen == records);
        let rows = service.history(HistoryFilter::default()).into_iter();
        rows.map(|row| (row.key, row.old.unwrap(), row.new.unwrap())).collect()
    };
    let is_mark = |text: &str| text.strip_prefix("mark-").is_some_and(|digits| digits.len() == 12);
    for (key, old, new) in changed(&files("xyz", "p124"), 2) {
        assert!(is_mark(&old) && is_mark(&new) && old != new, "{key}: {old} {new}");
    }
    let rows = changed(&files(STRONG_KEY, "p125"), 4);
    let of = |key: &str| rows.iter().find(|row| row.0 == key).unwrap().clone();
    let (_, old, new) = of("SECRET_KEY");
    assert!(is_mark(&old) && is_mark(&new), "{old} {new}");
    let (_, old, new) = of("DB_PASSWORD");
    assert!([&old, &new].iter().all(|print| print.len() == 12) && old != new, "{old} {new}");
    // The same text twice: as a password it would be a fingerprint of the key under itself.
    let rows = changed(&files(STRONG_KEY, STRONG_KEY), 5);
    assert!(is_mark(&rows[0].2) && rows[0].1.len() == 12, "{rows:?}");
}

#[test]
fn no_refusal_holds_a_secret() {
    let long = "canary-key-7f3a9c".repeat(400);
    let cases: [&[(&str, &str)]; 7] = [
        &[("API_BASE_URL", "https://admin:canary-password-51be02@api.example.com/")],
        &[("LOG_LEVEL", "canary-password-51be02")],
        &[("MAX_CONNECTIONS", "canary-password-51be02")],
        &[("SECRET_KEY", "canary-key-7f3a9c\n"), ("DB_PASSWORD", "canary-password-51be02\u{7f}")],
        &[("SECRET_KEY", &long)],
        &[("DATABASE_URL", "postgres://app:canary-password-51be02@localhost/app")],
        &[("DATABASE_URL", "canary-password-51be02"), ("LOG_LEVEL", "verbose")],
    ];
    for settings in cases {
        let (code, lines) = refusal(&["check"], settings);
        assert_eq!(code, Some(64));
        assert!(!lines.is_empty() && !holds_secret(&lines.join("\n")), "{lines:?}");
    }
}
