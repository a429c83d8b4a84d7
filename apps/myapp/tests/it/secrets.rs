//! Marked secrets are planted wherever secrets go in, and looked for wherever anything comes out.

use crate::databases::{Kind, on_both_databases};
use crate::http::{Answer, get, request};
use crate::process::{Serving, refusal};

on_both_databases! {
    no_route_and_no_log_line_at_trace_holds_a_secret
}

const MARKED: [(&str, &str); 2] =
    [("SECRET_KEY", "canary-key-7f3a9c"), ("DB_PASSWORD", "canary-password-51be02")];

/// Whether `text` holds a marked secret.
fn holds_secret(text: &str) -> bool {
    MARKED.iter().any(|(_, value)| text.contains(value))
}

fn whole(answer: &Answer) -> String {
    format!("{} {:?} {}", answer.status, answer.headers, answer.body)
}

fn no_route_and_no_log_line_at_trace_holds_a_secret(kind: &Kind) {
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
    // A client that sends a secret of its own must not find it in the log either.
    request(
        public,
        "GET",
        "/config?token=canary-key-7f3a9c",
        &[("Authorization", "Bearer canary-key-7f3a9c")],
    );

    // The one place that reveals: the search finds what is there.
    assert!(holds_secret(&whole(&get(operator, "/config"))));

    serving.signal("-TERM");
    let (_, log) = serving.ended();
    assert!(log.iter().any(|line| line.contains("secrets revealed on the operator listener")), "{log:#?}");
    assert!(log.iter().filter(|line| line.contains("\"message\":\"request\"")).count() > 10);
    for line in &log {
        assert!(!holds_secret(line), "{line}");
    }
}

#[test]
fn no_refusal_holds_a_secret() {
    let long = "canary-key-7f3a9c".repeat(400);
    let cases: [&[(&str, &str)]; 4] = [
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
