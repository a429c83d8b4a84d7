//! Values that the chart refuses, and the error message of each mistake.

use std::io::Write as _;

use e2e::helm::{Release, Values};
use serde_json::{Value, json};

use crate::support::{refusal, refusal_of, render};

fn minimal() -> Values {
    Values::minimal()
}

fn setting(key: &str, value: &str) -> Values {
    minimal().document(json!({"config": {key: value}}))
}

/// Values from a file alone: `--set` would win over it.
fn refusal_of_document(document: &Value) -> String {
    refusal(&Values::none().document(document.clone()))
}

/// Asserts that Helm 4 and Helm 3 refuse each with its own sentence.
fn each_gets_its_sentence(cases: Vec<(Values, &str)>) {
    let releases = [Release::named("r"), Release::named("r").by_helm_3()];
    for (values, sentence) in cases {
        for release in &releases {
            let message = refusal_of(release, &values);
            assert!(message.contains(sentence), "{release:?}: expected: {sentence}\ngot: {message}");
        }
    }
}

#[test]
fn a_typo_is_named_wherever_it_is() {
    each_gets_its_sentence(vec![
        (minimal().set("replicacount", "1"), "additional properties 'replicacount' not allowed"),
        (
            minimal().set("config.LOGLEVEL", "info"),
            "at '/config': additional properties 'LOGLEVEL' not allowed",
        ),
        (minimal().set("image.repo", "x"), "at '/image': additional properties 'repo' not allowed"),
        (minimal().set("drain.min", "1"), "at '/drain': additional properties 'min' not allowed"),
        (
            minimal().set("autoscaling.minReplica", "1"),
            "at '/autoscaling': additional properties 'minReplica' not allowed",
        ),
        (
            minimal().set("resources.limit.memory", "1Gi"),
            "at '/resources': additional properties 'limit' not allowed",
        ),
    ]);
}

#[test]
fn value_of_wrong_type_or_range_is_named() {
    each_gets_its_sentence(vec![
        (minimal().set("replicaCount", "two"), "at '/replicaCount': got string, want null or integer"),
        (minimal().set("replicaCount", "-1"), "at '/replicaCount': minimum: got -1, want 0"),
        (minimal().set("exposeSecrets", "1"), "at '/exposeSecrets': got number, want boolean"),
        (
            minimal().set("config.delivery", "volume"),
            "at '/config/delivery': value must be one of 'files', 'env'",
        ),
        (minimal().set("config.SECRET_KEY", "true"), "at '/config/SECRET_KEY': got boolean, want "),
        (minimal().set("service.port", "0"), "at '/service/port': minimum: got 0, want 1"),
        (
            minimal().set("podDisruptionBudget.maxUnavailable", "0"),
            "at '/podDisruptionBudget/maxUnavailable'",
        ),
        (minimal().set("data.sizeLimit", "lots"), "at '/data/sizeLimit'"),
        (minimal().set("image.digest", "latest"), "at '/image/digest'"),
        (minimal().set_string("existingSecret", "Not A Name"), "at '/existingSecret'"),
        (minimal().set("config", "null"), "missing property 'config'"),
    ]);
}

#[test]
fn a_setting_outside_the_contract_is_named() {
    let number = "config.MAX_CONNECTIONS: must be a whole number from 1 to 1000";
    for value in ["0", "-1", "1001", "99999999999999999999"] {
        let message = refusal(&minimal().set("config.MAX_CONNECTIONS", value));
        assert!(message.contains(number), "{value}: {message}");
    }
    for value in [json!(0), json!(1001), json!(1e30)] {
        let message = refusal_of_document(&json!({"config": {"SECRET_KEY": "x", "MAX_CONNECTIONS": value}}));
        assert!(message.contains(number), "{value}: {message}");
    }
    for value in ["1e3", " 5", "05", "", "+5"] {
        let message = refusal(&minimal().set_string("config.MAX_CONNECTIONS", value));
        assert!(message.contains(number), "{value:?}: {message}");
    }
    for value in ["//x", "no-slash", "/a/../b", "javascript:x", ""] {
        let message = refusal(&minimal().set_string("config.API_BASE_URL", value));
        assert!(message.contains("config.API_BASE_URL: must be "), "{value:?}: {message}");
    }
    let message = refusal(&minimal().set("config.API_BASE_URL", "/config"));
    assert!(message.contains("config.API_BASE_URL: must not begin with the name of a route"), "{message}");
    let message = refusal(&minimal().set("config.LOG_LEVEL", "verbose"));
    assert!(message.contains("config.LOG_LEVEL: must be trace, debug, info"), "{message}");
}

/// An editor may have pasted a password into any key, a number as well as a text.
#[test]
fn no_refusal_repeats_a_value() {
    let long = "h7nt".repeat(2000);
    for (key, value) in [
        ("API_BASE_URL", "h7nt"),
        ("API_BASE_URL", "/config/h7nt"),
        ("DATABASE_URL", "postgres://a:h7nt@host/b"),
        ("DB_PASSWORD", "h7nt\u{1}"),
        ("LOG_LEVEL", "h7nt"),
        ("MAX_CONNECTIONS", "h7nt"),
        ("MAX_CONNECTIONS", "73127312"),
        ("SECRET_KEY", "h7nt\u{1}"),
        ("API_BASE_URL", &long),
        ("LOG_LEVEL", &long),
        ("MAX_CONNECTIONS", &long),
        ("SECRET_KEY", &long),
    ] {
        // By the template and, beside another mistake, by the schema.
        let given = || match key {
            "SECRET_KEY" => Values::none().document(json!({"config": {key: value}})),
            _ => setting(key, value),
        };
        for values in [given(), given().set("replicaCount", "x")] {
            let message = refusal(&values);
            assert!(!message.contains("h7nt") && !message.contains("7312"), "{key}: {message}");
        }
    }
    let message = refusal(&minimal().set("config.MAX_CONNECTIONS", "73127312"));
    assert!(!message.contains("7312"), "{message}");
}

#[test]
fn numeric_yaml_secret_must_be_quoted() {
    for number in [json!(123), json!(12_345_678), json!(1e30)] {
        let message = refusal_of_document(&json!({"config": {"SECRET_KEY": number}}));
        assert!(message.contains("config.SECRET_KEY: YAML read it as a number; quote it"), "{message}");
    }
    let message = refusal_of_document(&json!({"config": {"SECRET_KEY": 1.5}}));
    assert!(message.contains("at '/config/SECRET_KEY': got number, want "), "{message}");
}

#[test]
fn control_characters_are_refused_in_every_setting() {
    for (key, text) in [
        ("SECRET_KEY", "a\nb"),
        ("SECRET_KEY", "a\0"),
        ("DB_PASSWORD", "\u{7f}"),
        ("DATABASE_URL", "sqlite:a\tb"),
        ("API_BASE_URL", "/a\n"),
    ] {
        let message = refusal_of_document(&json!({"config": {key: text}}));
        let sentence = format!("config.{key}: contains a control character such as a newline or NUL");
        assert!(message.contains(&sentence), "{message}");
    }
    for key in ["LOG_LEVEL", "MAX_CONNECTIONS"] {
        let message = refusal(&setting(key, "/\n"));
        let sentence = format!("config.{key}: contains a control character such as a newline or NUL");
        assert!(message.contains(&sentence), "{message}");
    }
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    // `--set` has no such case: Helm replaces the bytes before the chart sees them.
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"a\xffb").unwrap();
    let message = refusal(&Values::none().set_file("config.SECRET_KEY", file.path()));
    assert!(message.contains("config.SECRET_KEY: is not UTF-8 text"), "{message}");
}

#[test]
fn missing_secret_key_names_both_sources() {
    let message = refusal(&Values::none());
    assert!(
        message.contains(
            "config.SECRET_KEY: is required and not given: name a Secret that holds it with existingSecret"
        ),
        "{message}"
    );
    assert!(message.contains("or give config.SECRET_KEY"), "{message}");
    assert!(!message.contains("DB_PASSWORD"), "the default database needs no password: {message}");
}

#[test]
fn database_server_needs_password_in_chart_secret() {
    let server =
        minimal().set("config.DATABASE_URL", "postgres://app@db.example.com/app?sslmode=verify-full");
    let message = refusal(&server);
    assert!(message.contains("config.DB_PASSWORD: is required, since "), "{message}");
    render(&server.set("config.DB_PASSWORD", "p"));
}

#[test]
fn contradictions_are_refused() {
    let exposed = || minimal().set("exposeSecrets", "true");
    let scaled = || minimal().set("autoscaling.enabled", "true");
    each_gets_its_sentence(vec![
        (minimal().set("existingSecret", "s"), "config.SECRET_KEY: given together with existingSecret"),
        (exposed().set("ingress.enabled", "true"), "exposeSecrets together with ingress.enabled"),
        (exposed().set("httpRoute.enabled", "true"), "exposeSecrets together with httpRoute.enabled"),
        (
            exposed().set("service.type", "LoadBalancer"),
            "exposeSecrets together with service.type LoadBalancer",
        ),
        (
            scaled().set("autoscaling.minReplicas", "11"),
            "autoscaling.minReplicas: 11 is more than autoscaling.maxReplicas 10",
        ),
        (scaled().set("autoscaling.targetCPUUtilizationPercentage", "null"), "autoscaling.enabled: needs"),
        (
            scaled().set("resources.requests", "null"),
            "a cpu target is a share of resources.requests.cpu, which is not set",
        ),
        (minimal().set("ingress.enabled", "true").set("ingress.hosts", "null"), "at '/ingress'"),
        (
            minimal().document(json!({"ingress": {"enabled": true, "hosts": []}})),
            "ingress.hosts: an Ingress needs at least one host",
        ),
        (
            minimal().document(json!({"httpRoute": {"enabled": true, "parentRefs": []}})),
            "httpRoute.parentRefs: a route that names no Gateway",
        ),
        (
            minimal().set("podLabels.app\\.kubernetes\\.io/name", "x"),
            "podLabels: app.kubernetes.io/name belongs to the selector",
        ),
        (
            minimal().set("strategy.rollingUpdate.maxSurge", "0"),
            "strategy.rollingUpdate: maxSurge and maxUnavailable are both 0",
        ),
        (minimal().set("extraEnv[0].name", "MYAPP_LISTEN"), "extraEnv: the chart sets MYAPP_LISTEN itself"),
        (minimal().set("volumes[0].name", "data"), r#"volumes: the chart has a volume "data" of its own"#),
    ]);
}

#[test]
fn grace_period_below_drain_sum_is_refused() {
    render(&minimal().set("drain.acceptMaxSeconds", "13"));
    let message = refusal(&minimal().set("drain.acceptMaxSeconds", "14"));
    let sum = "terminationGracePeriodSeconds: 30 is too short; drain.acceptMaxSeconds 14 + drain.requestsMaxSeconds 10 + 7 to close down = 31";
    assert!(message.contains(sum), "{message}");
    let message = refusal(&minimal().set("drain.minSeconds", "13"));
    assert!(message.contains("drain.minSeconds: 13 is more than drain.acceptMaxSeconds 12"), "{message}");
    let message = refusal(&minimal().set("drain.quietSeconds", "13"));
    assert!(message.contains("drain.quietSeconds: 13 is more than drain.acceptMaxSeconds 12"), "{message}");
}

#[test]
fn password_in_database_url_refusal_names_expected_form() {
    let message = refusal(&minimal().set("config.DATABASE_URL", "postgres://user:pass@host/db"));
    assert!(message.contains("config.DATABASE_URL: must be "), "{message}");
    assert!(!message.contains("user:pass"), "{message}");
}

#[test]
fn all_problems_come_at_once_one_a_line() {
    let values = Values::none()
        .document(json!({"config": {"SECRET_KEY": 5, "DATABASE_URL": "mysql:x"}}))
        .set("drain.requestsMaxSeconds", "100")
        .set("exposeSecrets", "true")
        .set("ingress.enabled", "true")
        .set("extraEnv[0].name", "MYAPP_PEERS");
    let message = refusal(&values);
    let starts = [
        "config.DATABASE_URL: ",
        "config.SECRET_KEY: ",
        "exposeSecrets ",
        "terminationGracePeriodSeconds: ",
        "extraEnv: ",
    ];
    for start in starts {
        assert_eq!(
            message.lines().filter(|line| line.trim_start().starts_with(start)).count(),
            1,
            "{start}\n{message}"
        );
    }
}

#[test]
fn all_schema_problems_come_at_once_too() {
    let message =
        refusal(&minimal().set("replicaCount", "x").set("config.LOG_LEVEL", "true").set("imagge.tag", "1"));
    for place in ["/replicaCount", "/config/LOG_LEVEL", "imagge"] {
        assert!(message.contains(place), "{place}\n{message}");
    }
}
