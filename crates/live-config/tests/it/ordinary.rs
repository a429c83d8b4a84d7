//! The settings type that a stranger writes first, as its derives make it.

use live_config::{Contract, Loaded, Secret, Sources};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// Without checks.
    #[default]
    Fast,
    Safe,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Settings {
    #[serde(default = "port")]
    port: u16,
    #[serde(default)]
    tracing_enabled: bool,
    #[serde(default)]
    mode: Mode,
    fallback: Option<Mode>,
    sample_ratio: Option<f64>,
    #[schemars(range(min = 1, max = 9))]
    workers: u8,
    offset: i64,
    allowed_hosts: Vec<String>,
    ports: Option<Vec<u16>>,
    api_key: Secret,
    limit: Option<u64>,
}

fn port() -> u16 {
    8080
}

fn read(variables: &[(&str, &str)]) -> Result<Loaded<Settings>, live_config::Problems> {
    let contract = Contract::of::<Settings>().unwrap();
    Loaded::read(&contract, &Sources::default().environment(variables.iter().copied()))
}

#[test]
fn plain_derives_make_a_contract() {
    let contract = Contract::of::<Settings>().unwrap();
    let shown = |key: &live_config::Key| {
        format!("{}: {}, default {}", key.name, key.expected, key.default.as_deref().unwrap_or("none"))
    };
    let shown: Vec<_> = contract.keys().iter().map(shown).collect();
    assert_eq!(
        shown,
        [
            "ALLOWED_HOSTS: a list of items, each any text of at most 4096 characters, default none",
            "API_KEY: any text of at most 4096 characters, default none",
            "FALLBACK: safe or fast, default none",
            "LIMIT: a whole number from 0 to 18446744073709551615, default none",
            "MODE: safe or fast, default fast",
            "OFFSET: a whole number from -9223372036854775808 to 9223372036854775807, default none",
            "PORT: a whole number from 0 to 65535, default 8080",
            "PORTS: a list of items, each a whole number from 0 to 65535, default none",
            "SAMPLE_RATIO: a number, default none",
            "TRACING_ENABLED: true or false, default false",
            "WORKERS: a whole number from 1 to 9, default none",
        ]
    );
    let required: Vec<_> = contract.keys().iter().filter(|key| key.required).map(|key| &*key.name).collect();
    assert_eq!(required, ["ALLOWED_HOSTS", "API_KEY", "OFFSET", "WORKERS"]);
}

#[test]
fn texts_become_values_of_every_type() {
    let given = [
        ("TRACING_ENABLED", "true"),
        ("MODE", "safe"),
        ("SAMPLE_RATIO", "0.25"),
        ("WORKERS", "9"),
        ("OFFSET", "-3"),
        ("ALLOWED_HOSTS", "a.example, b.example"),
        ("PORTS", "[80, 443]"),
        ("API_KEY", "hush"),
        ("LIMIT", "18446744073709551615"),
    ];
    let settings = read(&given).unwrap_or_else(|problems| panic!("{problems}")).settings;
    assert_eq!((settings.port, settings.tracing_enabled, settings.mode), (8080, true, Mode::Safe));
    assert_eq!((settings.fallback, settings.sample_ratio, settings.workers), (None, Some(0.25), 9));
    assert_eq!((settings.offset, settings.limit), (-3, Some(u64::MAX)));
    assert_eq!(settings.allowed_hosts, ["a.example", "b.example"]);
    assert_eq!(settings.ports.unwrap(), [80, 443]);
    assert_eq!(settings.api_key.expose(), "hush");
}

#[test]
fn every_wrong_value_is_named_in_one_answer() {
    let given = [
        ("PORT", "65536"),
        ("TRACING_ENABLED", "yes"),
        ("MODE", "slow"),
        ("FALLBACK", ""),
        ("SAMPLE_RATIO", "1e3"),
        ("WORKERS", "0"),
        ("OFFSET", "-0"),
        ("ALLOWED_HOSTS", "a"),
        ("PORTS", "80,http"),
    ];
    let problems = read(&given).err().unwrap();
    let named: Vec<_> = problems.0.iter().map(|problem| problem.subject.as_str()).collect();
    let wrong = given.iter().map(|(key, _)| *key).filter(|key| *key != "ALLOWED_HOSTS");
    let mut wrong: Vec<_> = wrong.chain(["API_KEY"]).collect();
    wrong.sort_unstable();
    assert_eq!(named, wrong);
}
