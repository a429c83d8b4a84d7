//! A secret is in the Secret and nowhere else.

use e2e::helm::{Release, Values};
use e2e::objects::{contains_secret, identity, text_contains_secret};
use serde_json::{Value, json};

use crate::support::{ci_files, contract_keys, refusal, render};

const MARKER: &str = "MARKED-SECRET-VALUE";

/// Values that turn everything on, with every secret inline and marked.
fn marked(marker: &str) -> Values {
    let values = Values::none()
        .file(ci_files().iter().find(|file| file.ends_with("everything-on-values.yaml")).unwrap());
    let values = values.set("existingSecret", "");
    contract_keys(true).iter().fold(values, |values, key| values.set_string(&format!("config.{key}"), marker))
}

#[test]
fn no_object_but_the_secret_holds_a_secret() {
    let objects = render(&marked(MARKER));
    let holders: Vec<String> =
        objects.iter().filter(|object| contains_secret(object, MARKER)).map(identity).collect();
    assert_eq!(holders, ["Secret/r-myapp"], "the Secret is the search's positive control");
}

#[test]
fn only_secret_object_depends_on_secret_content() {
    // Catches what a search for the value cannot: hashes, lengths, parts.
    let others = |marker: &str| -> Vec<Value> {
        render(&marked(marker)).into_iter().filter(|object| object["kind"] != "Secret").collect()
    };
    assert_eq!(others(MARKER), others("x"));
}

#[test]
fn notes_name_secret_source_never_its_value() {
    let release = Release::named("r");
    let inline = release.notes(&marked(MARKER)).unwrap();
    assert!(inline.contains("Helm stores them"), "{inline}");
    assert!(!text_contains_secret(&inline, MARKER), "{inline}");
    let existing = release.notes(&Values::none().set("existingSecret", "myapp-secrets")).unwrap();
    assert!(
        existing.contains(r#"the Secret "myapp-secrets""#) && !existing.contains("WARNING"),
        "{existing}"
    );
}

#[test]
fn notes_print_commands_to_read_configuration() {
    let notes = Release::named("r").notes(&Values::minimal()).unwrap();
    for command in [
        r#"export POD_NAME=$(kubectl get pods --namespace default -l "app.kubernetes.io/name=myapp,app.kubernetes.io/instance=r""#,
        "export CONTAINER_PORT=$(kubectl get pod --namespace default $POD_NAME",
        "port-forward $POD_NAME 8080:$CONTAINER_PORT",
        "curl http://127.0.0.1:8080/config",
    ] {
        assert!(notes.contains(command), "{command}\n{notes}");
    }
}

#[test]
fn notes_warn_of_exposed_secrets_and_unreachable_database() {
    let notes = |values: &Values| Release::named("r").notes(values).unwrap();
    assert!(notes(&Values::minimal().set("exposeSecrets", "true")).contains("exposeSecrets is on"));
    let postgres = Values::none()
        .set("existingSecret", "s")
        .set("config.DATABASE_URL", "postgres://app@db.example.com/app?sslmode=verify-full");
    assert!(notes(&postgres).contains("networkPolicy.databaseTo"));
    assert!(!notes(&postgres.set("networkPolicy.enabled", "false")).contains("networkPolicy.databaseTo"));
}

#[test]
fn mistyped_secret_appears_in_no_refusal() {
    let long = MARKER.repeat(300);
    let key = |value: Value| Values::none().document(json!({"config": {"SECRET_KEY": value}}));
    let marked = || Values::none().set("config.SECRET_KEY", MARKER);
    let refused = [
        ("a list", key(json!([MARKER]))),
        ("an object", key(json!({"key": MARKER}))),
        ("too long", key(json!(long))),
        ("a newline", key(json!(format!("{MARKER}\n")))),
        ("a NUL", key(json!(format!("{MARKER}\0")))),
        ("under a misspelt key", Values::none().set("config.SECRETKEY", MARKER)),
        ("in place of the section", Values::none().set("config", MARKER)),
        ("beside a wrong type", marked().set("replicaCount", "many")),
        ("beside a typo", marked().set("replicacount", "1")),
        ("beside an existing Secret", marked().set("existingSecret", "s")),
        ("beside a contradiction", marked().set("exposeSecrets", "true").set("ingress.enabled", "true")),
        ("in a database URL", marked().set("config.DATABASE_URL", &format!("postgres://u:{MARKER}@h/d"))),
        ("in a database URL, by mistake", marked().set("config.DATABASE_URL", MARKER)),
        (
            "in a database URL of the wrong type",
            key(json!("x")).document(json!({"config": {"DATABASE_URL": [MARKER]}})),
        ),
    ];
    for (how, values) in refused {
        let message = refusal(&values);
        assert!(!text_contains_secret(&message, MARKER), "{how}: {message}");
    }
}
