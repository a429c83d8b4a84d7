//! The render as a whole: it works with every documented set of values, and the API server would take it.

use std::sync::LazyLock;

use e2e::helm::{Release, Values, chart_dir, lint};
use e2e::kubernetes_schema::KubernetesSchema;
use e2e::objects::{identity, text};
use serde_json::{Value, json};

use crate::support::{chart_json, ci_file, ci_files, only, render, render_as};

static KUBERNETES: LazyLock<KubernetesSchema> =
    LazyLock::new(|| KubernetesSchema::load().unwrap_or_else(|error| panic!("{error}")));

/// The part of gateway.networking.k8s.io/v1 HTTPRoute that the chart writes. The Gateway API is not part of Kubernetes' schema, so its
/// faults are looked for with this, written by hand from the API's reference.
fn http_route_schema() -> Value {
    let closed = |required: &[&str], properties: Value| json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties});
    let texts =
        |max: u32| json!({"type": "array", "maxItems": max, "items": {"type": "string", "minLength": 1}});
    let parent = closed(&["name"], json!({"name": {"type": "string"}, "sectionName": {"type": "string"}}));
    let backend = closed(&["name", "port"], json!({"name": {"type": "string"}, "port": {"type": "integer"}}));
    let rule = closed(
        &["backendRefs"],
        json!({
            "backendRefs": {"type": "array", "minItems": 1, "maxItems": 16, "items": backend},
            "matches": {"type": "array", "minItems": 1, "maxItems": 64, "items": {"type": "object"}},
            "filters": {"type": "array", "minItems": 1, "maxItems": 16, "items": {"type": "object", "required": ["type"]}},
            "timeouts": closed(&[], json!({"request": {"type": "string"}, "backendRequest": {"type": "string"}})),
        }),
    );
    let spec = closed(
        &["parentRefs", "rules"],
        json!({
            "parentRefs": {"type": "array", "minItems": 1, "maxItems": 32, "items": parent},
            "hostnames": texts(16),
            "rules": {"type": "array", "minItems": 1, "maxItems": 16, "items": rule},
        }),
    );
    let metadata = closed(
        &["name", "labels"],
        json!({"name": {"type": "string"}, "labels": {"type": "object"}, "annotations": {"type": "object"}}),
    );
    closed(
        &["apiVersion", "kind", "metadata", "spec"],
        json!({"apiVersion": {"const": "gateway.networking.k8s.io/v1"}, "kind": {"const": "HTTPRoute"}, "metadata": metadata, "spec": spec}),
    )
}

fn faults(object: &Value) -> Vec<String> {
    if let Some(faults) = KUBERNETES.faults(object).unwrap_or_else(|error| panic!("{error}")) {
        return faults;
    }
    assert_eq!(text(object, "/kind"), "HTTPRoute", "no schema is known for this kind");
    let validator = jsonschema::draft7::new(&http_route_schema()).unwrap();
    validator
        .iter_errors(object)
        .map(|fault| format!("HTTPRoute at {}: {fault}", fault.instance_path()))
        .collect()
}

#[test]
fn every_ci_values_file_passes_strict_api_schema() {
    for file in ci_files() {
        let objects = render(&Values::none().file(&file));
        let faults: Vec<String> = objects.iter().flat_map(faults).collect();
        assert!(faults.is_empty(), "{}:\n{}", file.display(), faults.join("\n"));
    }
}

#[test]
fn the_strict_api_schemas_find_a_misspelt_field() {
    let mut objects = render(&ci_file("everything-on"));
    for object in &mut objects {
        object["speck"] = json!({});
        assert_eq!(faults(object).len(), 1, "{}", identity(object));
    }
    let mut deployment = only(&objects, "Deployment").clone();
    deployment.as_object_mut().unwrap().remove("speck");
    deployment["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["httpGet"]["pathh"] = json!("/");
    assert_eq!(faults(&deployment).len(), 1, "deep within the pod");
}

#[test]
fn the_commands_people_know_render_this() {
    let values = Values::none().set("config.SECRET_KEY", "xyz").set("config.DB_PASSWORD", "p123");
    let mut objects = render_as("myapp", &values);
    objects.sort_by_key(identity);
    // A release changes its version and nothing else of this; a setting, the digest of the contract.
    let text = serde_norway::to_string(&objects).unwrap().replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let text = text.replace(&chart_json("files/contract.json")["digest"].as_str().unwrap()[..40], "DIGEST");
    insta::assert_snapshot!(text);
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let text = || Release::named("r").render_text(&ci_file("everything-on")).unwrap();
    assert_eq!(text(), text());
}

#[test]
fn helm_3_renders_the_same_objects() {
    for values in
        [Values::minimal()].into_iter().chain(ci_files().iter().map(|file| Values::none().file(file)))
    {
        let release = Release::named("r");
        let by_helm_3 = release.clone().by_helm_3().render(&values).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(by_helm_3, release.render(&values).unwrap(), "{values:?}");
    }
}

#[test]
fn helm_lint_accepts_defaults_and_ci_values() {
    for values in [Values::none()].into_iter().chain(ci_files().iter().map(|file| Values::none().file(file)))
    {
        let report = lint(&values).unwrap_or_else(|error| panic!("{error}"));
        assert!(!report.contains("[WARNING]") && !report.contains("[ERROR]"), "{report}");
    }
}

#[test]
fn the_everything_on_file_renders_every_template() {
    let folders = ["templates", "templates/tests"].map(|folder| chart_dir().join(folder));
    let n_templates = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|ext| ext == "yaml"))
        .count();
    let text = Release::named("r").render_text(&ci_file("everything-on")).unwrap();
    let n_rendered = text.lines().filter(|line| line.starts_with("# Source: ")).count();
    // The Secret alone is absent, because the file names an existing one.
    assert_eq!(n_rendered, n_templates - 1);
}

#[test]
fn releases_in_one_namespace_share_no_object() {
    let (first, second) = (render_as("one", &Values::minimal()), render_as("two", &Values::minimal()));
    for object in &first {
        assert!(!second.iter().any(|other| identity(other) == identity(object)), "{}", identity(object));
    }
    let instance = |objects: &[Value]| only(objects, "Deployment")["spec"]["selector"]["matchLabels"].clone();
    assert_ne!(instance(&first), instance(&second));
}

#[test]
fn digit_names_of_release_and_secret_stay_strings() {
    let objects = render_as(
        "42",
        &Values::none().set_string("existingSecret", "7").set_string("priorityClassName", "1"),
    );
    let faults: Vec<String> = objects.iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn values_schema_is_closed_without_remote_references() {
    let schema = chart_json("values.schema.json");
    assert_eq!(schema["additionalProperties"], false);
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let mut values: Value =
        serde_norway::from_slice(&std::fs::read(chart_dir().join("values.yaml")).unwrap()).unwrap();
    assert!(validator.is_valid(&values), "values.yaml itself");
    values["global"] = json!({"shared": 1});
    assert!(validator.is_valid(&values), "as a subchart");
    values["replicacount"] = json!(1);
    assert!(!validator.is_valid(&values), "a typo");
    for path in ["../confpath/schema/base.json", "schema/base.json", "values.schema.json"] {
        let text = chart_json(path).to_string();
        let references = text.matches(r#""$ref":""#).count();
        assert_eq!(
            references,
            text.matches(r##""$ref":"#/"##).count(),
            "{path} refers to something outside itself"
        );
    }
}

#[test]
fn values_yaml_shows_every_schema_key() {
    let values: Value =
        serde_norway::from_slice(&std::fs::read(chart_dir().join("values.yaml")).unwrap()).unwrap();
    let hidden = [
        // This service takes changes, and drains, by itself.
        "/agent",
        "/agent/enabled",
        "/agent/form",
        "/agent/image",
        "/agent/readyTimeout",
        "/agent/resources",
        "/agent/restart",
        "/agent/restartSpread",
        "/confpath",
        "/confpath/exports",
        "/confpath/global",
        "/global",
        "/config/CACHE_URL",
        "/config/DATABASE_URL",
        "/lifecycle",
        "/resources/claims",
    ];
    let mut missing = Vec::new();
    let schema = chart_json("values.schema.json");
    for (key, section) in schema["properties"].as_object().unwrap() {
        let fields = section["properties"].as_object().into_iter().flatten();
        let paths = fields.map(|(field, _)| format!("/{key}/{field}")).chain([format!("/{key}")]);
        missing
            .extend(paths.filter(|path| values.pointer(path).is_none() && !hidden.contains(&path.as_str())));
    }
    assert!(missing.is_empty(), "{missing:?}");
}
