//! The message of a refused input helps to correct it, and no message repeats a possible secret.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use e2e::terraform::{Root, literal};
use serde_json::{Map, Value, json};

use crate::support::{plan, required, test_file};

/// Text that no message may hold.
const MARK: &str = "marked-5ecret";

struct Wrong {
    input: &'static str,
    value: Value,
    sentence: &'static str,
}

fn wrong(input: &'static str, value: impl Into<Value>, sentence: &'static str) -> Wrong {
    Wrong { input, value: value.into(), sentence }
}

/// Runs wrong inputs one by one over `good` ones, and looks for their sentences.
fn assert_sentences(root: &str, good: &Map<String, Value>, wrongs: Vec<Wrong>) {
    let sentences: Vec<_> = wrongs.iter().map(|wrong| (wrong.input, wrong.sentence)).collect();
    // A file each: Terraform skips the runs of a file after one that fails.
    let files = wrongs.into_iter().enumerate().map(|(number, wrong)| {
        let mut variables = good.clone();
        variables.insert(wrong.input.to_owned(), wrong.value);
        let runs = [("refused".to_owned(), plan(&variables, &[]))].into_iter().collect();
        (format!("wrong_{number:03}"), test_file(&runs))
    });
    let root = Root::copy(root);
    root.replace_tests(&files.collect::<Vec<_>>());
    let report = root.test(&[]);
    for (number, (input, sentence)) in sentences.into_iter().enumerate() {
        let file = format!("tests/wrong_{number:03}.tftest.json");
        let said: Vec<_> =
            report.errors.iter().filter(|(about, _)| *about == file).map(|(_, text)| text).collect();
        assert!(said.iter().any(|text| text.contains(sentence)), "{input}: no {sentence:?} among {said:#?}");
    }
}

#[test]
fn every_refused_module_input_has_own_sentence() {
    let long = |length: usize| "x".repeat(length);
    assert_sentences(
        "modules/myapp",
        &required(),
        vec![
            wrong(
                "api_base_url",
                "/a\n",
                "API_BASE_URL: contains a control character such as a newline or NUL",
            ),
            wrong(
                "api_base_url",
                "no-slash",
                "API_BASE_URL: must be a path such as / or /api, or an http(s) URL",
            ),
            wrong(
                "api_base_url",
                "/".to_owned() + &long(2048),
                "API_BASE_URL: must have 0 to 2048 characters",
            ),
            wrong("api_base_url", "/config/x", "API_BASE_URL: must not begin with the name of a route"),
            wrong(
                "log_level",
                "verbose",
                "LOG_LEVEL: must be trace, debug, info, warn, warning, error or critical",
            ),
            wrong("max_connections", 0, "MAX_CONNECTIONS: must be a whole number from 1 to 1000"),
            wrong("secret_key", "", "SECRET_KEY: must have 1 to 4096 characters"),
            wrong("secret_key", long(4097), "SECRET_KEY: must have 1 to 4096 characters"),
            wrong("db_password", "", "DB_PASSWORD: is empty; give it, or leave db_password out"),
            wrong("db_password", long(4097), "DB_PASSWORD: must have 0 to 4096 characters"),
            wrong("db_user", "", "DB_USER: is empty; give it, or leave db_user out"),
            wrong("db_user", long(64), "DB_USER: must have 0 to 63 characters"),
            wrong("cache_password", "", "CACHE_PASSWORD: is empty; give it, or leave cache_password out"),
            wrong("cache_password", long(4097), "CACHE_PASSWORD: must have 0 to 4096 characters"),
            wrong("cache_user", "", "CACHE_USER: is empty; give it, or leave cache_user out"),
            wrong("cache_user", long(129), "CACHE_USER: must have 0 to 128 characters"),
            wrong("cache_url", "redis://cache.example.com", "CACHE_URL: must be redis://HOST or, beyond"),
            wrong("cache_url", "rediss://".to_owned() + &long(2048), "CACHE_URL: must have 0 to 2048"),
            wrong("cache_url", "rediss://h\n", "CACHE_URL: contains a control character"),
            wrong(
                "database_url",
                "postgres://a@localhost/b",
                "DB_PASSWORD: is required, since DATABASE_URL names a server",
            ),
            wrong(
                "database_url",
                "mysql://a@localhost/b",
                "DATABASE_URL: must be sqlite:PATH or postgres://USER@HOST",
            ),
            wrong("secret_revision", 0, "secret_revision: must be a whole number from 1"),
            wrong("name", "1shop", "name: must be at most 53 lower-case letters"),
            wrong("namespace", "Shop", "namespace: must be at most 63 lower-case letters"),
            wrong("create_namespace", true, "the namespace \"default\" is always there"),
            wrong("replicas", -1, "replicas: must be a whole number from 0 to 1000"),
            wrong(
                "autoscaling",
                json!({ "min_replicas": 0, "max_replicas": 4 }),
                "autoscaling: min_replicas and max_replicas must be whole numbers from 1 to 1000",
            ),
            wrong(
                "autoscaling",
                json!({ "min_replicas": 5, "max_replicas": 4 }),
                "autoscaling: min_replicas is more than max_replicas",
            ),
            wrong(
                "autoscaling",
                json!({ "min_replicas": 2, "max_replicas": 4, "cpu_percent": 0.5 }),
                "autoscaling: cpu_percent and memory_percent must be whole numbers from 1",
            ),
            wrong(
                "autoscaling",
                json!({ "min_replicas": 2, "max_replicas": 4, "metrics": "cpu" }),
                "autoscaling.metrics: must be a list of metrics, each with its type",
            ),
            wrong("image", json!({ "digest": "sha256:abc" }), "image.digest: must be sha256: and 64"),
            wrong("image", json!({ "tag": "-1" }), "image.tag: must be a tag"),
            wrong("image", json!({ "repository": "my app" }), "image.repository: must be an image name"),
            wrong("image", json!({ "pull_policy": "Sometimes" }), "image.pull_policy: must be Always"),
            wrong(
                "chart",
                "../../charts/myapp",
                "/terraform/charts/myapp/Chart.yaml; give the chart's folder",
            ),
            wrong("chart", "oci://registry.example.com/myapp", "chart_version: an oci:// chart needs one"),
            wrong("timeout_seconds", 10, "timeout_seconds: must be a whole number from 30"),
            wrong("values", "replicaCount: 3", "values: must be a map"),
            wrong("values", json!({ "image": {} }), "secretRevision have inputs of their own"),
            wrong(
                "values",
                json!({ "config": { "SECRET_KEY": "x" } }),
                "values.config: may hold delivery only",
            ),
        ],
    );
}

#[test]
fn no_message_repeats_possible_secrets() {
    let (line, long) = (format!("{MARK}\t"), MARK.to_owned() + &"x".repeat(4096));
    let url = format!("postgres://a:{MARK}@localhost/b");
    let cache_url = format!("rediss://a:{MARK}@cache.example.com");
    let good = [("name", "shop"), ("secret_key", "xyz")];
    let password = ("db_password", "p123");
    let root = Root::copy("modules/myapp");
    let runs = [("refused".to_owned(), plan(&Map::new(), &[]))].into_iter().collect();
    root.replace_tests(&[("refused".to_owned(), test_file(&runs))]);
    let refusal = |inputs: &[(&str, &str)], sentence: &str| {
        let report = root.test_with(&[&good, inputs].concat(), &[]);
        assert!(report.errors.iter().any(|(_, text)| text.contains(sentence)), "{sentence}: {}", report.text);
        report.text
    };
    for (inputs, sentence) in [
        (&[("secret_key", line.as_str())][..], "SECRET_KEY: contains a control character"),
        (&[("secret_key", &long)], "SECRET_KEY: must have 1 to 4096 characters"),
        (&[("db_password", &line)], "DB_PASSWORD: contains a control character"),
        (&[("db_password", &long)], "DB_PASSWORD: must have 0 to 4096 characters"),
        (&[("database_url", &url), password], "DATABASE_URL: must be sqlite:PATH"),
        (&[("database_url", &url)], "DB_PASSWORD: is required"),
        (&[("cache_password", &line)], "CACHE_PASSWORD: contains a control character"),
        (&[("cache_password", &long)], "CACHE_PASSWORD: must have 0 to 4096 characters"),
        (&[("cache_user", &line)], "CACHE_USER: contains a control character"),
        (&[("cache_url", &cache_url)], "CACHE_URL: must be redis://HOST"),
    ] {
        let said = refusal(inputs, sentence);
        assert!(!said.contains(MARK), "{said}");
    }
    // The search finds what is there: other refused values are shown.
    assert!(refusal(&[("log_level", MARK)], "LOG_LEVEL: must be").contains(MARK));
}

#[test]
fn non_utf8_input_is_refused_as_such() {
    let root = Root::copy("modules/myapp");
    let runs = [("refused".to_owned(), plan(&Map::new(), &[]))].into_iter().collect();
    root.replace_tests(&[("refused".to_owned(), test_file(&runs))]);
    for key in ["SECRET_KEY", "DB_PASSWORD", "DB_USER", "CACHE_PASSWORD", "CACHE_USER", "CACHE_URL"] {
        let input = key.to_lowercase();
        let inputs = [
            ("name", OsStr::new("shop")),
            ("secret_key", OsStr::new("xyz")),
            (input.as_str(), OsStr::from_bytes(b"a\xffb")),
        ];
        let report = root.test_with(&inputs, &[]);
        let sentence = format!("{key}: is not UTF-8 text");
        assert!(report.errors.iter().any(|(_, text)| text.contains(&sentence)), "{}", report.text);
    }
}

#[test]
fn common_first_errors_get_helpful_messages() {
    let inputs = [
        ("kubeconfig", "tests/kubeconfig.yaml"),
        ("myapp_secret_key", "Secr3tXyz"),
        ("myapp_db_password", "passw0rdXyZ"),
    ];
    let good = inputs.map(|(name, value)| (name.to_owned(), literal(value))).into_iter().collect();
    assert_sentences(
        "envs/local",
        &good,
        vec![
            wrong(
                "kubeconfig",
                "missing.yaml",
                "There is no missing.yaml: start a cluster first (minikube start)",
            ),
            wrong("kube_context", "prod", "has no context \"prod\", only: minikube, kind-other."),
            wrong("myapp_secret_key", "", "The secret key is empty: type one when asked"),
            wrong("myapp_db_password", "", "The database password is empty: type one when asked"),
        ],
    );
}
