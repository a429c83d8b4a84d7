//! URLs of servers: contract, explanation and process agree on every text, and no part of a refused one is repeated.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use live_config::Contract;
use myapp::fuzzing::{cache_host, database_host};

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| myapp::settings::contract().expect("the service's own contract"));

/// Bytes of a text in a row that would give a part of it away.
const TELLING: usize = 7;

/// Texts of which each is refused for other reasons, by setting.
const REFUSED: [(&str, &[&str]); 2] = [
    (
        "DATABASE_URL",
        &[
            "",
            "sqlite:",
            "sqlite:///a b",
            "x",
            "postgres://",
            "postgres://:b@,/",
            "postgres://-@[x]:0/-",
            "postgres://a@%2F/a?sslmode",
            "postgres://a@a./a?sslmode=x",
            "postgres://a@a:a:a/a?sslmode=disable",
            "postgres://a@_/a?sslrootcert=",
            "postgres://a@localhost/a?sslrootcert=/a",
            "postgres://a@a/a?sslmode=verify-full&sslmode=verify-full&sslrootcert=/a&sslrootcert=/a&a",
        ],
    ),
    (
        "CACHE_URL",
        &[
            "",
            "x",
            "redis://",
            "redis://:b@,/x?y",
            "redis://-@[x]:0/-",
            "redis://a",
            "rediss://a@%2F/01",
            "rediss://a./10000",
            "rediss://a:a:a?sslrootcert=",
            "rediss://_?sslrootcert=/a&a",
            "redis://localhost?sslrootcert=/a",
        ],
    ),
];

/// The text of every possible reason, by setting.
static VOCABULARY: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    let long = "x".repeat(2049);
    let said = |(key, refused): (&'static str, &[&str])| {
        let texts = refused.iter().copied().chain([long.as_str()]);
        (key, texts.flat_map(|text| violations(key, text)).collect::<Vec<_>>().join("\n"))
    };
    REFUSED.into_iter().map(said).collect()
});

fn violations(key: &str, text: &str) -> Vec<String> {
    CONTRACT.key(key).expect("a key of the contract").violations(text)
}

/// Takes `input` for the value of `DATABASE_URL`.
pub fn database(input: &[u8]) {
    check("DATABASE_URL", input, |text| text.starts_with("sqlite:") != database_host(text).is_some());
}

/// Takes `input` for the value of `CACHE_URL`.
pub fn cache(input: &[u8]) {
    check("CACHE_URL", input, |text| cache_host(text).is_some());
}

fn check(key: &str, input: &[u8], is_of_use: impl Fn(&str) -> bool) {
    let Ok(text) = str::from_utf8(input) else { return };
    let reasons = violations(key, text);
    if reasons.is_empty() {
        assert!(is_of_use(text), "accepted, and of no use to the process: {text:?}");
        return;
    }
    assert!(reasons.iter().all(|reason| !reason.is_empty()));
    let told = reasons.join("\n");
    for part in input.windows(TELLING).filter_map(|part| str::from_utf8(part).ok()) {
        assert!(
            !told.contains(part) || VOCABULARY[key].contains(part),
            "{part:?} of {text:?} is repeated: {told}"
        );
    }
}
