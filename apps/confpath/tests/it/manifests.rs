//! Streams of Kubernetes objects.

use serde_json::json;

use crate::{MARKED, Scene};

#[test]
fn two_of_forty_objects_count() {
    let scene = Scene::new();
    let other = "kind: Deployment\nspec: {a: 1, a: 2, y: [on], [x]: 1}\n---\n".replace(", [x]: 1", "");
    let maps = "kind: ConfigMap\nmetadata: {name: other}\ndata: {file: 5, file: 6}\n---\n";
    let config = "kind: ConfigMap\ndata:\n  PORT: \"80\"\n  CONFIG_SEAL: x\n  LOG_LEVLE: info\n---\n";
    let secret = "kind: Secret\ndata:\n  TOKEN: bWFya2VkLTdmM2EtaHVzaA==\n";
    scene.write("objects.yaml", [&other.repeat(19), &maps.repeat(19), config, secret].concat());
    let (code, report) = scene.report("--manifest objects.yaml");
    assert_eq!(code, 0, "{report}");
    assert_eq!(
        report["unknown"],
        json!([{ "name": "LOG_LEVLE", "origin": "objects.yaml:138", "nearest": "LOG_LEVEL" }])
    );
}

#[test]
fn lists_and_streams_of_json_are_read() {
    let scene = Scene::new();
    let config = json!({ "kind": "ConfigMap", "binaryData": { "PORT": "ODA=" } });
    let secret = json!({ "kind": "Secret", "stringData": { "TOKEN": MARKED } });
    for text in [
        json!({ "kind": "List", "items": [config, secret] }).to_string(),
        format!("{config}\n{secret:#}"),
        format!("---\n{config}\n---\n{secret:#}"),
    ] {
        scene.write("objects", &text);
        assert_eq!(scene.report("--manifest objects").0, 0, "{text}");
    }
}

#[test]
fn wrong_objects_are_refused() {
    let scene = Scene::new();
    let refusals = |text: &str| {
        scene.write("o.yaml", text);
        scene.check("--without-secrets --manifest o.yaml").problems()
    };
    for (text, problem) in [
        (
            "kind: ConfigMap\ndata:\n  PORT: 80\n",
            "PORT: is a number, and objects hold text only: quote it (from o.yaml:3)",
        ),
        (
            "kind: ConfigMap\ndata: {PORT: yes}",
            "PORT: is read in different ways by readers of YAML, and objects hold text only: quote it (from o.yaml:2)",
        ),
        (
            "kind: ConfigMap\ndata: {PORT: '1', TOKEN: abc}",
            "TOKEN: is a secret and must not be in a ConfigMap; put it into a Secret (from o.yaml:2)",
        ),
        ("kind: ConfigMap\ndata: {PORT: '1', PORT: '1'}", "o.yaml:2: PORT is given twice, also on line 2"),
        (
            "kind: ConfigMap\ndata: {PORT: '1'}\n---\nkind: ConfigMap\ndata: {PORT: '2'}",
            "PORT: has another value in o.yaml:2 (from o.yaml:5)",
        ),
        ("kind: Secret\ndata: {PORT: '???'}", "PORT: is no base64 (from o.yaml:2)"),
        ("kind: Secret\ndata: {PORT: /w==}", "PORT: is not UTF-8 text (from o.yaml:2)"),
        ("kind: ConfigMap\ndata:\n\tPORT: '1'", "o.yaml: line 3 is no YAML: "),
    ] {
        let found = refusals(text);
        assert!(found.len() == 1 && found[0].starts_with(problem), "{text}\n{found:?}");
    }
    assert!(
        refusals("kind: ConfigMap\ndata: {PORT: '1'}\n---\nkind: Secret\nstringData: {PORT: '1'}").is_empty()
    );
}
