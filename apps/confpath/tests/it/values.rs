//! Values files of charts.

use serde_json::json;

use crate::{MARKED, Scene};

fn scene() -> Scene {
    Scene::with_contract(&json!({ "properties": {
        "PORT": { "type": "integer" },
        "RATIO": { "type": "number" },
        "NAME": { "type": "string" },
        "IS_ON": { "type": "boolean" },
        "HOSTS": { "type": "array", "items": { "type": "string" } },
        "TOKEN": { "type": "string", "x-secret": true },
    } }))
}

#[test]
fn types_of_yaml_are_texts_of_settings() {
    let scene = scene();
    scene.write(
        "v.yaml",
        "x: &name 'a b'\nconfig:\n  delivery: env\n  PORT: 80\n  RATIO: 0.50\n  NAME: *name\n  IS_ON: true\n  HOSTS: [a, 'b,c']\n  TOKEN: ''\n",
    );
    let (code, report) = scene.report("--values v.yaml");
    let values: Vec<_> = report["settings"].as_array().unwrap().iter().map(|s| &s["value"]).collect();
    assert_eq!(values, [r#"["a","b,c"]"#, "true", "a b", "80", "0.5"]);
    assert_eq!((code, &report["unknown"]), (0, &json!([])));
}

#[test]
fn later_files_override_and_null_removes() {
    let scene = scene();
    scene.write("a.yaml", "config: {PORT: x, NAME: a, HOSTS: a}\n");
    scene.write("b.yaml", "config:\n  PORT: 2\n  NAME: null\n");
    let (code, report) = scene.report("--values a.yaml --values b.yaml");
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["settings"].as_array().unwrap().len(), 2);
    assert_eq!(report["settings"][1]["origin"], "b.yaml:2");
    scene.write("b.yaml", "config: null\n");
    assert_eq!(scene.report("--values a.yaml --values b.yaml").1["settings"], json!([]));
}

#[test]
fn what_readers_read_differently_is_refused() {
    let scene = scene();
    for (text, problem) in [
        (
            "config:\n  NAME: yes",
            "NAME: is read in different ways by readers of YAML: quote it (from v.yaml:2)",
        ),
        (
            "config: {PORT: 0755}",
            "PORT: is read in different ways by readers of YAML: quote it (from v.yaml:1)",
        ),
        (
            "config: {PORT: 1_000}",
            "PORT: is read in different ways by readers of YAML: quote it (from v.yaml:1)",
        ),
        (
            "config: {IS_ON: on}",
            "IS_ON: is read in different ways by readers of YAML: quote it (from v.yaml:1)",
        ),
        ("config: {NAME: 5}", "NAME: is a number: quote it (from v.yaml:1)"),
        ("config: {NAME: true}", "NAME: is a boolean: quote it (from v.yaml:1)"),
        ("config: {HOSTS: [a, 1]}", "HOSTS: item 2 is a number: quote it (from v.yaml:1)"),
        ("config: {NAME: [a]}", "NAME: is a list, and must be "),
        ("config: {PORT: {a: 1}}", "PORT: is a mapping, and must be "),
        ("config: {NAME: !x y}", "NAME: is a value with a tag: quote it (from v.yaml:1)"),
        ("config:\n  PORT: 1\n  PORT: 2", "v.yaml:3: PORT is given twice, also on line 2"),
        ("config:\n\tPORT: 1", "v.yaml: line 2 is no YAML: "),
        ("config: [1]", "v.yaml:1: config is no mapping"),
        (
            "a: &a {PORT: 1}\nconfig: {<<: *a}",
            "v.yaml:2: merge keys (<<) are of YAML 1.1 only: write the entries out",
        ),
        ("config: {}\n---\nconfig: {}", "v.yaml: has more than one document"),
    ] {
        scene.write("v.yaml", text);
        let run = scene.check("--values v.yaml");
        let found = run.problems();
        assert!(found.len() == 1 && found[0].starts_with(problem), "{text}\n{found:?}");
        assert_eq!(run.code(), 1);
    }
}

#[test]
fn secrets_in_values_are_not_printed() {
    let scene = scene();
    scene.write("v.yaml", format!("config: {{TOKEN: [{MARKED}], NAME: {MARKED}-5, PORT: {MARKED}}}"));
    for form in ["text", "json"] {
        let run = scene.check(&format!("--values v.yaml --output {form}"));
        let output = [run.0.stdout, run.0.stderr].concat();
        let output = String::from_utf8(output).unwrap();
        assert_eq!(
            output.matches(MARKED).count(),
            usize::from(form == "json"),
            "the valid NAME alone\n{output}"
        );
    }
}
