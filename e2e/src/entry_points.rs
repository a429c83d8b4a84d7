//! The settings that all entry points are tested with, and the verdict of the process about them.
//!
//! The process is the reference: every other entry point accepts and refuses what its environment does.

#![expect(clippy::expect_used, clippy::panic, reason = "a harness ends its test with a sentence")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::Ipv6Addr;
use std::path::Path;
use std::process::Output;

use proptest::prelude::*;
use proptest::sample::select;

use crate::service::check;

/// Beyond loopback, as in a pod: there the process makes up no key of its own.
const IN_A_POD: [&str; 2] = ["--listen", "[::]:5000"];

/// The flags of a process that is wired to the hosts of both URLs, as the chart wires it.
fn wired_to<'a>(url: impl Fn(&str) -> Option<&'a str>) -> Vec<String> {
    let hosts = [("DATABASE_URL", "--database-host"), ("CACHE_URL", "--cache-host")]
        .into_iter()
        .filter_map(|(key, flag)| Some([flag.to_owned(), host_of(url(key)?)?.to_owned()]));
    IN_A_POD.map(str::to_owned).into_iter().chain(hosts.flatten()).collect()
}

/// Nothing where it is none that a flag takes.
fn host_of(url: &str) -> Option<&str> {
    let place = url.split_once("://")?.1;
    let place = place.split_once('?').map_or(place, |(place, _)| place);
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let host = match place.strip_prefix('[') {
        Some(address) => address.split_once(']')?.0,
        None => place.split(['/', ':']).next()?,
    };
    let is_label =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (host.parse::<Ipv6Addr>().is_ok() || host.split('.').all(is_label)).then_some(host)
}

/// Settings by key, as text.
pub type Settings = BTreeMap<&'static str, String>;

const SECRETS: [&str; 5] = ["CACHE_PASSWORD", "CACHE_USER", "DB_PASSWORD", "DB_USER", "SECRET_KEY"];

const API_BASE_URL_EDGES: &[&str] = &[
    "/",
    "/api",
    "/api/",
    "//x",
    "no-slash",
    "/a/../b",
    "/..x",
    "/.",
    "javascript:x",
    "http://h",
    "http://h:65536",
    "http://h:65535/a",
    "https://u@h",
    "http://[::1]/x",
    "/config",
    "/configs",
    "/healthz/x",
    "/openapi.json",
    "http://h/readyz",
    "/a%2e",
    "/a?b",
    "/é",
    "HTTP://h",
    "/a\n",
    "/a\0b",
    "",
];

const CACHE_URL_EDGES: &[&str] = &[
    "redis://localhost",
    "redis://127.1.2.3:6380/15",
    "redis://a:hush@localhost",
    "redis://h",
    "rediss://h",
    "rediss://a@[::1]:6379/0?sslrootcert=/c",
    "rediss://a..b",
    "rediss://h/10000",
    "rediss://h/01",
    "rediss://h:0",
    "redis://localhost?sslrootcert=/c",
    "redis:h",
    "",
];

const DATABASE_URL_EDGES: &[&str] = &[
    "sqlite:a.db",
    "sqlite:",
    "postgres://a@localhost/b",
    "postgres://a:hush@localhost/b",
    "postgres://a@h/b",
    "postgres://a@h/b?sslmode=verify-full",
    "postgres://a@h/b?sslrootcert=/c&sslmode=verify-full",
    "postgres://a@127.1.2.3/b",
    "postgres://a@a..b/b?sslmode=verify-full",
    "sqlite://a.db",
    "sqlite:/a.db",
    "postgresql://a@127.0.0.1:5432/b",
    "mysql://a@h/b",
    "",
];

const LOG_LEVEL_EDGES: &[&str] =
    &["trace", "DEBUG", "Warning", "warn", "critical", "verbose", "", " info", "info ", "info\n", "ınfo"];

const MAX_CONNECTIONS_EDGES: &[&str] = &[
    "1",
    "1000",
    "0",
    "1001",
    "-1",
    "+5",
    "05",
    "1e3",
    " 5",
    "5 ",
    "5.0",
    "0x10",
    "99999999999999999999",
    "",
    "٣",
];

const SECRET_KEY_EDGES: &[&str] = &[
    "",
    "x",
    "a\nb",
    "a\u{7f}",
    "a\u{85}b",
    "\u{2028}",
    "\u{feff}a",
    "a\u{ffff}",
    "\u{9f}",
    "\u{a0}",
    "12345678",
    "1.5",
    "true",
    "~",
    "- a",
    "\"",
    "\\",
    "a: b",
    "é",
];

/// Values at both sides of each limit that a setting has.
fn edges(key: &str) -> &'static [&'static str] {
    match key {
        "API_BASE_URL" => API_BASE_URL_EDGES,
        "CACHE_URL" => CACHE_URL_EDGES,
        "DATABASE_URL" => DATABASE_URL_EDGES,
        "LOG_LEVEL" => LOG_LEVEL_EDGES,
        "MAX_CONNECTIONS" => MAX_CONNECTIONS_EDGES,
        "SECRET_KEY" => SECRET_KEY_EDGES,
        "CACHE_USER" | "DB_USER" => {
            &["", "app", "v-token-app-x7Gq", "a@b", "a b", "a\tb", "007", "true", "é"]
        }
        "CACHE_PASSWORD" | "DB_PASSWORD" => {
            &["", "p123", "a\tb", "1e3", "007", "true", "null", "{{ fail }}", "é"]
        }
        _ => &[],
    }
}

/// Prefix of a valid value of any length.
fn start(key: &str) -> &'static str {
    match key {
        "API_BASE_URL" => "/",
        "CACHE_URL" => "rediss://",
        "DATABASE_URL" => "sqlite:",
        _ => "",
    }
}

/// Characters that may extend a valid value. A flag is two characters that a reader sees as one.
fn fillers(key: &str) -> &'static [&'static str] {
    if SECRETS.contains(&key) { &["x", "é", "\u{1f1ea}\u{1f1fa}"] } else { &["x"] }
}

fn value(key: &'static str) -> impl Strategy<Value = String> {
    let edge = select(edges(key)).prop_map(str::to_owned);
    let length =
        prop_oneof![Just(8), Just(9), Just(63), Just(64), Just(2048), Just(2049), Just(4096), Just(4097)];
    let long = (length, select(fillers(key)))
        .prop_map(move |(n, filler)| start(key).chars().chain(filler.chars().cycle()).take(n).collect());
    let joined = (select(edges(key)), select(edges(key))).prop_map(|(a, b)| format!("{a}{b}"));
    prop_oneof![8 => edge, 2 => joined, 2 => long, 2 => any::<String>(), 2 => "[ -~]{0,12}"]
}

/// One setting takes any value and the others are valid or left out: two wrong ones would hide a disagreement.
pub fn settings() -> impl Strategy<Value = Settings> {
    let valid: [(&str, &[&str]); 10] = [
        ("API_BASE_URL", &["/api"]),
        ("CACHE_PASSWORD", &["p456"]),
        ("CACHE_URL", &["redis://localhost", "redis://app@127.0.0.1:6380/1"]),
        ("CACHE_USER", &["app"]),
        ("DATABASE_URL", &["sqlite:a.db", "postgres://a@localhost/b"]),
        ("DB_PASSWORD", &["p123"]),
        ("DB_USER", &["app"]),
        ("LOG_LEVEL", &["info"]),
        ("MAX_CONNECTIONS", &["50"]),
        ("SECRET_KEY", &["xyz", "xyz", "xyz"]),
    ];
    let keys = valid.map(|(key, _)| key);
    let others = valid.map(|(key, values)| {
        let given = select(values).prop_map(|text| Some(text.to_owned()));
        let left_out = if key == "SECRET_KEY" { 1 } else { 4 };
        (Just(key), prop_oneof![4 => given, left_out => Just(None)])
    });
    let focus = select(keys.to_vec()).prop_flat_map(|key| (Just(key), value(key)));
    (others, focus).prop_map(|(others, focus)| {
        let others = others.into_iter().filter_map(|(key, text)| Some((key, text?)));
        others.chain([focus]).collect()
    })
}

/// Returns true if the process accepts the settings from its environment. The system refuses settings that no environment can
/// hold.
///
/// # Panics
/// The process ends in another way than accepting or refusing.
pub fn environment_accepts(settings: &Settings) -> bool {
    let variables = settings.iter().map(|(key, text)| (*key, text.as_str()));
    let flags = wired_to(|key| settings.get(key).map(String::as_str));
    check(&flags.iter().map(String::as_str).collect::<Vec<_>>(), variables)
        .is_ok_and(|output| blamed(&output).is_empty())
}

/// Returns true if the process accepts the settings from a mounted directory, each value with the line break that editors add.
///
/// # Panics
/// As [`mounted_accepts`].
pub fn files_accept(settings: &Settings) -> bool {
    refused_in_files(settings).is_empty()
}

/// The keys that the process refuses in a mounted directory, which can hold any text.
///
/// # Panics
/// As [`mounted_accepts`].
pub fn refused_in_files(settings: &Settings) -> BTreeSet<String> {
    let directory = tempfile::tempdir().expect("a temporary folder");
    for (key, text) in settings {
        let folder = directory.path().join(if SECRETS.contains(key) { "secrets" } else { "config" });
        fs::create_dir_all(&folder).expect("a folder of its own");
        fs::write(folder.join(key), format!("{text}\n")).expect("a file of its own");
    }
    refused_in(directory.path())
}

/// Returns true if the process accepts the content of a mounted directory.
///
/// # Panics
/// The process cannot be run, or ends in another way than accepting or refusing.
pub fn mounted_accepts(directory: &Path) -> bool {
    refused_in(directory).is_empty()
}

fn refused_in(directory: &Path) -> BTreeSet<String> {
    let urls = ["DATABASE_URL", "CACHE_URL"]
        .map(|key| (key, fs::read_to_string(directory.join("config").join(key)).unwrap_or_default()));
    let directory = directory.to_str().expect("a temporary folder's path is text");
    let wired = wired_to(|key| urls.iter().find(|(name, _)| *name == key).map(|(_, url)| url.trim_end()));
    let flags: Vec<&str> = wired.iter().map(String::as_str).chain(["--config-dir", directory]).collect();
    blamed(&check(&flags, []).unwrap_or_else(|error| panic!("{error}")))
}

/// The keys that the process names on stderr, one a line: none exactly when it accepts.
fn blamed(output: &Output) -> BTreeSet<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    let key_of = |line: &str| line.strip_prefix("myapp: ")?.split_once(':').map(|(key, _)| key.to_owned());
    let keys: BTreeSet<String> = said.lines().filter_map(key_of).collect();
    let code = if keys.is_empty() { 0 } else { 64 };
    assert_eq!(output.status.code(), Some(code), "neither accepted nor refused: {said}");
    keys
}
