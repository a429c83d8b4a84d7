//! `DATABASE_URL`: contract, explanation and process agree on every text, and no part of a refused one is repeated.

use std::sync::LazyLock;

use live_config::Contract;
use myapp::fuzzing::host_of;

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| myapp::settings::contract().expect("the service's own contract"));

/// Bytes of a text in a row that would give a part of it away.
const TELLING: usize = 7;

fn violations(text: &str) -> Vec<String> {
    CONTRACT.key("DATABASE_URL").expect("a key of the contract").violations(text)
}

/// Takes `input` for the value of `DATABASE_URL`.
pub fn check(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let reasons = violations(text);
    if reasons.is_empty() {
        let is_file = text.starts_with("sqlite:");
        assert!(is_file != host_of(text).is_some(), "accepted, and of no use to the process: {text:?}");
        return;
    }
    assert!(reasons.iter().all(|reason| !reason.is_empty()));
    let told = reasons.join("\n");
    for part in input.windows(TELLING).filter_map(|part| str::from_utf8(part).ok()) {
        assert!(
            !told.contains(part) || VOCABULARY.contains(part),
            "{part:?} of {text:?} is repeated: {told}"
        );
    }
}

/// All that reasons say of any text.
static VOCABULARY: LazyLock<String> = LazyLock::new(|| {
    let refused = [
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
    ];
    let long = "x".repeat(2049);
    refused.into_iter().chain([long.as_str()]).flat_map(violations).collect::<Vec<_>>().join("\n")
});
