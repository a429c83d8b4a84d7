//! User and password of the database in one Secret, so that one change of it brings both.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::helm::Values;
use e2e::objects::{items, text};
use e2e::pod::{environment, start};
use serde_json::{Value, json};

use crate::support::{ci_file, container, deployment_pod, refusal, render};

fn both_in_one_secret() -> Values {
    ci_file("postgres").set("database.existingSecretUsernameKey", "username")
}

fn secrets() -> [Value; 2] {
    let secret = |name: &str, data: &[(&str, &str)]| {
        let data: serde_json::Map<_, _> =
            data.iter().map(|(key, value)| ((*key).to_owned(), json!(STANDARD.encode(value)))).collect();
        json!({"kind": "Secret", "metadata": {"name": name}, "data": data})
    };
    [
        secret("myapp-secrets", &[("SECRET_KEY", "xyz")]),
        secret("myapp-database", &[("username", "v-app-1"), ("password", "p123")]),
    ]
}

#[test]
fn user_and_password_share_secret_and_volume() {
    let objects = render(&both_in_one_secret());
    let volumes = items(deployment_pod(&objects), "/spec/volumes");
    let sources = volumes.iter().flat_map(|volume| items(volume, "/projected/sources"));
    let own: Vec<&Value> = sources
        .filter_map(|source| source.get("secret"))
        .filter(|it| it["name"] == "myapp-database")
        .collect();
    let [secret] = own[..] else { panic!("{own:?}") };
    let files: Vec<_> =
        items(secret, "/items").iter().map(|item| (text(item, "/key"), text(item, "/path"))).collect();
    assert_eq!(files, [("password", "secrets/DB_PASSWORD"), ("username", "secrets/DB_USER")]);
}

#[test]
fn both_deliveries_start_with_user_from_secret() {
    for delivery in ["files", "env"] {
        let mut objects = render(&both_in_one_secret().set("config.delivery", delivery));
        objects.extend(secrets());
        let output = start(&objects).unwrap();
        assert!(output.status.success(), "{delivery}: {}", String::from_utf8_lossy(&output.stderr));
        let user = environment(&objects).remove("DB_USER");
        assert_eq!(user.as_deref(), (delivery == "env").then_some("v-app-1"), "{delivery}");
    }
}

#[test]
fn user_without_own_key_joins_other_secrets() {
    let objects = render(&ci_file("postgres").set("config.delivery", "env"));
    let variables = items(container(&objects), "/env");
    let user = variables.iter().find(|variable| variable["name"] == "DB_USER").unwrap();
    let reference = json!({"name": "myapp-secrets", "key": "DB_USER", "optional": true});
    assert_eq!(user["valueFrom"]["secretKeyRef"], reference);
}

#[test]
fn ambiguous_or_missing_user_source_is_refused() {
    let inline = Values::minimal()
        .set("config.DB_USER", "app")
        .set("database.host", "db.example.com")
        .set("database.existingSecret", "role")
        .set("database.existingSecretUsernameKey", "username");
    for (values, sentence) in [
        (inline, "config.DB_USER: given together with database.existingSecretUsernameKey; give one of them"),
        (
            both_in_one_secret().set("database.existingSecret", ""),
            "database.existingSecretUsernameKey: given without database.existingSecret",
        ),
        (
            ci_file("postgres").set("config.DB_USER", "app"),
            "config.DB_USER: given together with existingSecret; give one of them",
        ),
        (
            both_in_one_secret().set("database.existingSecretUsernameKey", "a/b"),
            "at '/database/existingSecretUsernameKey'",
        ),
    ] {
        let message = refusal(&values);
        assert!(message.contains(sentence), "expected: {sentence}\ngot: {message}");
    }
}
