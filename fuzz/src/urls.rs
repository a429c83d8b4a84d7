//! URLs of servers: contract, explanation and process agree on every text, and no part of a refused one is repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use live_config::Contract;
use myapp::fuzzing::{cache_host, database_host};

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| myapp::settings::contract().expect("the service's own contract"));

/// Texts that no setting may have.
const UNFIT: [&str; 7] = ["", "\0", "\t", "\n", "\u{feff}", "\u{fffe}", "\u{3}"];

/// Texts of which each is refused for other reasons, by setting, beside [`UNFIT`].
const REFUSED: [(&str, &[&str]); 2] = [
    (
        "DATABASE_URL",
        &[
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

/// The clauses of every possible reason, by setting: what a reason says beyond them comes from the refused text.
static VOCABULARY: LazyLock<BTreeMap<&str, BTreeSet<String>>> = LazyLock::new(|| {
    let long = "x".repeat(2049);
    let said = |(key, refused): (&'static str, &[&str])| {
        let texts = UNFIT.iter().chain(refused).copied().chain([long.as_str()]);
        (key, texts.flat_map(|text| clauses(&violations(key, text), text)).collect())
    };
    REFUSED.into_iter().map(said).collect()
});

/// Splits what was said of `text` into clauses. Numbers that can be a place in it become 0, so that a clause is the same for every
/// place.
fn clauses(reasons: &[String], text: &str) -> Vec<String> {
    let places = text.chars().count();
    let is_place = |word: &&str| word.parse().is_ok_and(|number: usize| number <= places);
    let without_places = |clause: &str| {
        let words = clause.split(' ').map(|word| if is_place(&word) { "0" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    let parts = reasons.iter().flat_map(|reason| reason.split("; ")).flat_map(|part| part.split(": "));
    parts.map(without_places).collect()
}

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
    for clause in clauses(&reasons, text) {
        assert!(
            VOCABULARY[key].contains(&clause),
            "{clause:?}, said of {text:?}, is no clause of a known reason: it repeats the text, or REFUSED lacks a case"
        );
    }
}
