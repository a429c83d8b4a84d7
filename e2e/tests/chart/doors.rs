//! Every door accepts the same configurations: the process's environment, the mounted directory, and the chart.

use std::collections::BTreeMap;
use std::fs;

use e2e::helm::{Release, Values};
use e2e::mount::mount_projected;
use e2e::service::check;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use serde_json::{Value, json};

/// Each case runs Helm once; the nightly run asks for more with PROPTEST_CASES.
const CASES: u32 = 96;

/// Beyond loopback, as in a pod: there the process makes up no key of its own.
const IN_A_POD: [&str; 2] = ["--listen", "0.0.0.0:5000"];

type Settings = BTreeMap<&'static str, String>;

const SECRETS: [&str; 2] = ["DB_PASSWORD", "SECRET_KEY"];

/// Values at both sides of each limit that a setting has.
fn edges(key: &str) -> &'static [&'static str] {
    match key {
        "API_BASE_URL" => &[
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
        ],
        "DATABASE_URL" => &[
            "sqlite:a.db",
            "sqlite:",
            "postgres://a@localhost/b",
            "postgres://a:hush@localhost/b",
            "postgres://a@h/b",
            "postgres://a@h/b?sslmode=verify-full",
            "postgresql://a@127.0.0.1:5432/b",
            "mysql://a@h/b",
            "",
        ],
        "DB_PASSWORD" => &["", "p123", "a\tb", "1e3", "007", "true", "null", "{{ fail }}", "é"],
        "LOG_LEVEL" => &[
            "trace", "DEBUG", "Warning", "warn", "critical", "verbose", "", " info", "info ", "info\n",
            "ınfo",
        ],
        "MAX_CONNECTIONS" => &[
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
        ],
        "SECRET_KEY" => &[
            "", "x", "a\nb", "a\u{7f}", "a\u{85}b", "\u{2028}", "\u{feff}a", "a\u{ffff}", "\u{9f}", "\u{a0}", "12345678", "1.5", "true", "~", "- a", "\"", "\\",
            "a: b", "é",
        ],
        _ => &[],
    }
}

fn value(key: &'static str) -> impl Strategy<Value = String> {
    let edge = select(edges(key)).prop_map(str::to_owned);
    let length = prop_oneof![Just(8), Just(9), Just(2048), Just(2049), Just(4096), Just(4097)];
    let long = length.prop_map(|n| "x".repeat(n));
    let joined = (select(edges(key)), select(edges(key))).prop_map(|(a, b)| format!("{a}{b}"));
    prop_oneof![8 => edge, 2 => joined, 1 => long, 2 => any::<String>(), 2 => "[ -~]{0,12}"]
}

/// One setting takes any value and the others are valid or left out: two wrong ones would hide a disagreement.
fn settings() -> impl Strategy<Value = Settings> {
    let valid: [(&str, &[&str]); 6] = [
        ("API_BASE_URL", &["/api"]),
        ("DATABASE_URL", &["sqlite:a.db", "postgres://a@localhost/b"]),
        ("DB_PASSWORD", &["p123"]),
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

/// Whether the process takes them from its environment. What no environment can hold is refused by the system.
fn environment_accepts(settings: &Settings) -> bool {
    let variables = settings.iter().map(|(key, text)| (*key, text.as_str()));
    check(&IN_A_POD, variables).is_ok_and(|output| verdict(output.status.code()))
}

/// Whether the process takes them from a mounted directory, each value with the line break that editors add.
fn files_accept(settings: &Settings) -> bool {
    let directory = tempfile::tempdir().unwrap();
    for (key, text) in settings {
        let folder = directory.path().join(if SECRETS.contains(key) { "secrets" } else { "config" });
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(key), format!("{text}\n")).unwrap();
    }
    mounted_accepts(directory.path())
}

fn mounted_accepts(directory: &std::path::Path) -> bool {
    let flags = [&IN_A_POD[..], &["--config-dir", directory.to_str().unwrap()]].concat();
    verdict(check(&flags, []).unwrap().status.code())
}

fn verdict(code: Option<i32>) -> bool {
    assert!(matches!(code, Some(0 | 64)), "neither accepted nor refused: {code:?}");
    code == Some(0)
}

/// The objects that the chart makes of them, if it does.
fn rendered(settings: &Settings) -> Option<Vec<Value>> {
    let document = json!({ "config": settings });
    Release::named("doors").render(&Values::none().document(document)).ok()
}

#[test]
fn environment_files_and_chart_accept_the_same_values_and_what_the_chart_renders_starts_the_process() {
    let config = Config {
        cases: std::env::var("PROPTEST_CASES").map_or(CASES, |cases| cases.parse().unwrap()),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        max_shrink_iters: 200,
        ..Config::default()
    };
    let counts = std::cell::Cell::new([0, 0]);
    TestRunner::new(config)
        .run(&settings(), |settings| {
            let accepted = environment_accepts(&settings);
            prop_assert_eq!(files_accept(&settings), accepted, "files and environment differ");
            let objects = rendered(&settings);
            prop_assert_eq!(objects.is_some(), accepted, "chart and environment differ");
            if let Some(objects) = objects {
                let directory = tempfile::tempdir().unwrap();
                mount_projected(&objects, directory.path()).unwrap();
                prop_assert!(
                    mounted_accepts(directory.path()),
                    "what the chart renders does not start the process"
                );
            }
            let mut seen = counts.get();
            seen[usize::from(accepted)] += 1;
            counts.set(seen);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    // Doors that agree because all refuse everything, or nothing, would prove little.
    let [refused, accepted] = counts.get();
    assert!(refused > CASES / 5 && accepted > CASES / 5, "refused {refused}, accepted {accepted}");
}
