//! The password goes to the host that the pod template names and to no other, regardless of later changes of the ConfigMap.

use std::process::Output;

use e2e::helm::Values;
use e2e::objects::{items, text};
use e2e::pod::start;
use serde_json::{Value, json};

use crate::support::{ci_file, container, deployment_pod, only, refusal, render};

const DELIVERIES: [&str; 2] = ["files", "env"];
const GOOD: &str = "postgres://app@db.example.com:6432/app?sslmode=verify-full";
const EVIL: &str = "postgres://app@evil.example.com/app?sslmode=verify-full";

/// Settings with a URL, and both secrets in the release's own Secret.
fn at(url: &str) -> Values {
    with_password().set_string("config.DATABASE_URL", url)
}

fn with_password() -> Values {
    Values::minimal().set("config.DB_PASSWORD", "p123")
}

fn named_host(objects: &[Value]) -> String {
    let found: Vec<&Value> = items(container(objects), "/env")
        .iter()
        .filter(|variable| variable["name"] == "MYAPP_DATABASE_HOST")
        .collect();
    let [variable] = found[..] else { panic!("{found:?}") };
    text(variable, "/value").to_owned()
}

/// The rendered objects after someone has edited the ConfigMap to name another server.
fn edited(mut objects: Vec<Value>) -> Vec<Value> {
    let config_map = objects.iter_mut().find(|object| object["kind"] == "ConfigMap").unwrap();
    config_map["data"]["DATABASE_URL"] = json!(EVIL);
    objects
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn url_host_is_in_pod_template_and_accepted() {
    for (url, host) in [
        (GOOD, "db.example.com"),
        ("postgresql://app@DB.Example.com/app?sslmode=verify-full", "DB.Example.com"),
        ("postgres://app@db/app?sslmode=verify-full&sslrootcert=/etc/ca.pem", "db"),
        ("postgres://app@10.0.0.7/app?sslmode=verify-full", "10.0.0.7"),
        ("postgres://app@[2001:db8::7]:6432/app?sslmode=verify-full", "2001:db8::7"),
        ("postgres://app@[2001:db8::7]/app?sslmode=verify-full", "2001:db8::7"),
        ("postgres://app@localhost/app", "localhost"),
        ("postgres://app@[::1]:99/app", "::1"),
        ("sqlite:a.db", "localhost"),
    ] {
        for delivery in DELIVERIES {
            let objects = render(&at(url).set("config.delivery", delivery));
            assert_eq!(named_host(&objects), host, "{url}");
            let output = start(&objects).unwrap();
            assert!(output.status.success(), "{url} {delivery}: {}", errors(&output));
        }
    }
}

#[test]
fn an_edited_config_map_names_no_other_server() {
    for values in [
        with_password(),
        at("sqlite:a.db"),
        at(GOOD),
        at("postgres://app@localhost/app"),
        with_password().set("database.host", "db.example.com"),
        with_password().set("database.allowedHost", "db.example.com"),
    ] {
        for delivery in DELIVERIES {
            let objects = edited(render(&values.clone().set("config.delivery", delivery)));
            let output = start(&objects).unwrap();
            assert_eq!(output.status.code(), Some(64), "{values:?} {delivery}");
            assert!(errors(&output).contains("DATABASE_URL: "), "{}", errors(&output));
        }
    }
}

#[test]
fn env_from_and_extra_env_cannot_redirect_database() {
    let shared = |host: &str| {
        json!({
            "kind": "ConfigMap",
            "metadata": {"name": "shared"},
            "data": {"MYAPP_DATABASE_HOST": host, "MYAPP_DATABASE_AUTH": "iam", "DATABASE_URL": EVIL},
        })
    };
    for values in [with_password(), at(GOOD), with_password().set("database.host", "db.example.com")] {
        let mut objects = render(&values.clone().set("envFrom[0].configMapRef.name", "shared"));
        objects.push(shared("evil.example.com"));
        let output = start(&objects).unwrap();
        assert_eq!(output.status.code(), Some(64), "{values:?}: {}", errors(&output));
        assert!(errors(&output).contains("--database-host"), "{}", errors(&output));
        for name in ["MYAPP_DATABASE_HOST", "MYAPP_DATABASE_AUTH"] {
            let message = refusal(&values.clone().set("extraEnv[0].name", name));
            assert!(message.contains(&format!("extraEnv: the chart sets {name} itself")), "{message}");
        }
    }
}

#[test]
fn url_unseen_by_chart_needs_allowed_host() {
    let url = json!([{"name": "DATABASE_URL", "value": GOOD}]);
    let from_elsewhere = || with_password().document(json!({ "extraEnv": url }));
    let output = start(&render(&from_elsewhere())).unwrap();
    assert_eq!(output.status.code(), Some(64), "no host is named: {}", errors(&output));
    let objects = render(&from_elsewhere().set("database.allowedHost", "db.example.com"));
    let output = start(&objects).unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    for (values, sentence) in [
        (at(GOOD), "database.allowedHost: given together with database.host or config.DATABASE_URL"),
        (
            ci_file("postgres"),
            "database.allowedHost: given together with database.host or config.DATABASE_URL",
        ),
    ] {
        let message = refusal(&values.set("database.allowedHost", "db.example.com"));
        assert!(message.contains(sentence), "{message}");
    }
    for host in ["a:CANARY@db", "db:5432", "db/CANARY", "[::1]", "postgres://db"] {
        let message = refusal(&with_password().set_string("database.allowedHost", host));
        assert!(message.contains("database.allowedHost: expected a name"), "{host}: {message}");
        assert!(!message.contains("CANARY"), "{message}");
    }
}

#[test]
fn url_server_change_replaces_pods_role_change_not() {
    let pod = |url: &str| deployment_pod(&render(&at(url))).clone();
    let before = pod(GOOD);
    assert_eq!(before, pod("postgres://other@db.example.com:6432/other?sslmode=verify-full"));
    for url in [
        "postgres://app@other.example.com:6432/app?sslmode=verify-full",
        "postgres://app@db.example.com/app?sslmode=verify-full",
        "sqlite:a.db",
    ] {
        assert_ne!(before, pod(url), "{url}");
    }
}

#[test]
fn own_password_secret_works_for_any_server_origin() {
    for values in [
        ci_file("existing-secret").set_string("config.DATABASE_URL", GOOD),
        ci_file("existing-secret").set("database.allowedHost", "db.example.com"),
    ] {
        let objects = render(&values.set("database.existingSecret", "role"));
        assert!(deployment_pod(&objects).to_string().contains(r#""name":"role""#));
        assert_eq!(only(&objects, "ConfigMap")["kind"], "ConfigMap");
    }
}
