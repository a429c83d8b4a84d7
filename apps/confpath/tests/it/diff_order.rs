//! `confpath diff`: who refuses what, and the order that works.

use serde_json::{Value, json};

use crate::{MARKED, Scene};

fn scene(old: &Value, new: &Value) -> Scene {
    let scene = Scene::new();
    scene.write("old.json", json!({ "properties": old }).to_string());
    scene.write("new.json", json!({ "properties": new }).to_string());
    scene
}

fn config(data: &Value) -> String {
    json!({ "kind": "ConfigMap", "metadata": { "name": "c" }, "data": data }).to_string()
}

fn number(minimum: u8, maximum: u8) -> Value {
    json!({ "type": "integer", "minimum": minimum, "maximum": maximum })
}

/// Exit code, order and verdicts (old image with old and new configuration, then the new image with both). Each verdict is that of
/// `confpath check`.
fn outcome(old: &(Value, Value), new: &(Value, Value)) -> (i32, String, Vec<bool>, Value) {
    let scene = scene(&old.0, &new.0);
    let (code, report) = scene.compare(&config(&old.1), &config(&new.1));
    let order = report["order"].as_str().unwrap().to_owned();
    let pairs = report["pairs"].as_array().unwrap().iter();
    let check = |pair: &Value| {
        let text = |part: &str| pair[part].as_str().unwrap();
        scene.write(
            "contract.json",
            std::fs::read(scene.path().join(text("image").to_owned() + ".json")).unwrap(),
        );
        let (_, checked) =
            scene.report(&format!("--manifest {}.yaml --without-secrets", text("configuration")));
        assert_eq!((&pair["problems"], &pair["unknown"]), (&checked["problems"], &checked["unknown"]));
        pair["accepted"].as_bool().unwrap()
    };
    let pairs = pairs.map(check).collect();
    (code, order, pairs, report)
}

#[test]
fn four_pairs_decide_on_the_order() {
    let one = |key: &str, rule: Value, value: &str| (json!({ key: rule }), json!({ key: value }));
    for (old, new, code, order, pairs) in [
        (one("A", number(1, 9), "1"), one("A", number(1, 9), "2"), 0, "any", [true; 4]),
        (
            one("A", number(1, 9), "1"),
            one("A", number(5, 9), "6"),
            0,
            "configuration first",
            [true, true, false, true],
        ),
        (
            one("A", number(1, 5), "1"),
            one("A", number(1, 9), "6"),
            0,
            "image first",
            [true, false, true, true],
        ),
        (one("A", number(1, 5), "1"), one("A", number(6, 9), "6"), 1, "none", [true, false, false, true]),
        (one("A", number(1, 5), "1"), one("A", number(1, 5), "6"), 1, "refused", [true, false, true, false]),
    ] {
        let (found_code, found, found_pairs, report) = outcome(&old, &new);
        assert_eq!(
            (found_code, found.as_str(), found_pairs.as_slice()),
            (code, order, &pairs[..]),
            "{report:#}"
        );
    }
}

#[test]
fn steps_are_named_where_no_order_works() {
    let old = (json!({ "A": number(1, 5), "B": number(1, 9) }), json!({ "A": "1", "B": "1" }));
    let new = (json!({ "A": number(1, 9), "B": number(5, 9) }), json!({ "A": "6", "B": "6" }));
    let (code, order, _, report) = outcome(&old, &new);
    assert_eq!((code, order.as_str(), &report["settings"]), (1, "steps", &json!(["A"])));
    let scene = scene(&old.0, &new.0);
    scene.write("old.yaml", config(&old.1));
    scene.write("new.yaml", config(&new.1));
    let run = scene.diff("--old-contract old.json --new-contract new.json --old old.yaml --new new.yaml");
    assert!(run.stdout().contains(
        "\n1. the new configuration, with A as in the old one\n2. the new image\n3. the new value of A\n"
    ));
}

#[test]
fn refused_files_are_not_live() {
    let pods = "\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {volumes: [{name: v, configMap: {name: c}}], \
                containers: [{volumeMounts: [{name: v}]}]}}}\n";
    let moment = |old: Value, new: Value| {
        let scene = scene(&json!({ "A": old }), &json!({ "A": new }));
        let file = |value: &str| format!("---\n{}\n---{pods}", config(&json!({ "A": value })));
        let (_, report) = scene.compare(&file("1"), &file("6"));
        report["changes"][0]["effects"][0]["moment"].as_str().unwrap().to_owned()
    };
    assert_eq!(moment(number(1, 9), number(1, 9)), "live");
    assert_eq!(moment(number(1, 5), number(1, 9)), "after restart");
    assert_eq!(moment(number(1, 5), number(1, 5)), "never");
}

#[test]
fn ignored_and_unknown_settings_are_named() {
    let old = (json!({ "A": number(1, 9) }), json!({ "A": "1" }));
    let new =
        (json!({ "A": number(1, 9), "NEW": number(1, 9) }), json!({ "A": "1", "NEW": "2", "NEWS": "3" }));
    let (code, _, _, report) = outcome(&old, &new);
    assert_eq!(code, 0);
    assert_eq!(report["pairs"][1]["ignored"], json!(["NEW"]));
    assert_eq!(report["pairs"][3]["ignored"], json!([]));
    assert_eq!(report["notes"], json!(["unknown setting NEWS (new.yaml:1), did you mean NEW?"]));
}

#[test]
fn contract_changes_are_narrower_or_wider() {
    let old = json!({
        "A": number(1, 100),
        "B": { "type": "string", "enum": ["x", "y"], "default": "x" },
        "C": { "type": "array", "items": { "type": "string", "minLength": 1 } },
        "D": { "type": "string", "format": "duration-text", "x-maximum": "90s" },
        "GONE": { "type": "string" },
    });
    let new = json!({
        "A": number(0, 50),
        "B": { "type": "string", "enum": ["x", "y", "z"], "default": "y", "x-on-change": "restart", "description": "b" },
        "C": { "type": "array", "items": { "type": "string" } },
        "D": { "type": "string", "format": "duration-text", "x-maximum": "2m" },
        "ADDED": { "type": "string", "x-secret": true },
    });
    let (_, _, _, report) = outcome(&(old, json!({ "A": "1" })), &(new, json!({ "A": "1" })));
    let text = |one: &Value, part: &str| one[part].as_str().unwrap_or("-").to_owned();
    let changes = report["contract"].as_array().unwrap().iter();
    let changes: Vec<_> = changes
        .map(|one| ["key", "keyword", "old", "new", "extent"].map(|part| text(one, part)).join(" "))
        .collect();
    assert_eq!(
        changes,
        [
            "A maximum 100 50 narrower",
            "A minimum 1 0 wider",
            "ADDED - - - -",
            "B default \"x\" \"y\" -",
            "B enum [\"x\",\"y\"] [\"x\",\"y\",\"z\"] wider",
            "B x-on-change - \"restart\" -",
            "C items.minLength 1 - wider",
            "D x-maximum \"90s\" \"2m\" wider",
            "GONE - - - -",
        ]
    );
}

#[test]
fn missing_secrets_are_refused_where_all_are_rendered() {
    let scene = Scene::new();
    let secret = |data: &str| {
        format!(
            "kind: ConfigMap\ndata: {{PORT: '1'}}\n---\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{{data}}}\n---\n\
             kind: Deployment\nmetadata: {{name: a}}\nspec: {{template: {{spec: {{containers: \
             [{{env: [{{name: TOKEN, valueFrom: {{secretKeyRef: {{name: s, key: TOKEN}}}}}}]}}]}}}}}}\n"
        )
    };
    let (code, report) = scene.compare(&secret("TOKEN: abc"), &secret("X: y"));
    assert_eq!((code, &report["changes"][0]["change"]), (1, &json!("removed")));
    assert_eq!(report["pairs"][3]["problems"][0]["message"], "is required and not given");
    // Another Secret, or another key of it, may hold the value.
    for (name, other) in [("secretKeyRef: {name: s", "secretKeyRef: {name: t"), ("key: TOKEN", "key: token")]
    {
        let (code, report) = scene.compare(&secret("TOKEN: abc"), &secret("X: y").replace(name, other));
        assert_eq!((code, &report["changes"][0]["change"]), (0, &json!("unseen")));
        assert_eq!(report["elsewhere"], json!(["TOKEN"]));
    }
}

#[test]
fn settings_of_objects_elsewhere_are_not_missed() {
    let scene = Scene::new();
    let release = |from: &str| {
        format!(
            "kind: ConfigMap\nmetadata: {{name: c}}\ndata: {{LOG_LEVEL: info}}\n---\nkind: Deployment\nmetadata: {{name: a}}\n\
             spec: {{template: {{spec: {{containers: [{{envFrom: [{{{from}}}]}}]}}}}}}\n"
        )
    };
    for (from, code) in [
        ("configMapRef: {name: c}", 1),
        ("configMapRef: {name: other}", 0),
        ("prefix: PO, configMapRef: {name: c}", 0),
        ("prefix: A_, configMapRef: {name: c}", 1),
    ] {
        let (found, report) = scene.compare(&release(from), &release(from));
        assert_eq!(found, code, "{from} {report:#}");
    }
}

#[test]
fn exit_codes_tell_input_from_verdict() {
    let scene = Scene::new();
    scene.write("a.yaml", "kind: ConfigMap\ndata: {PORT: '1'}");
    scene.write("broken.yaml", "a:\n\tb");
    scene.write("wrong.json", "{}{}");
    for (flags, code) in [
        ("--contract contract.json --old a.yaml --new a.yaml", 0),
        ("--old-contract contract.json --new-contract contract.json --old a.yaml --new a.yaml", 0),
        ("--contract contract.json --old /dev/null --new a.yaml", 0),
        ("--contract contract.json --old a.yaml --new /dev/null", 1),
        ("--contract contract.json --old a.yaml --new gone.yaml", 2),
        ("--contract contract.json --old broken.yaml --new a.yaml", 2),
        ("--contract gone.json --old a.yaml --new a.yaml", 2),
        ("--contract wrong.json --old a.yaml --new a.yaml", 64),
        ("--old a.yaml --new a.yaml", 64),
        ("--old-contract contract.json --old a.yaml --new a.yaml", 64),
        ("--contract contract.json --new-contract contract.json --old a.yaml --new a.yaml", 64),
    ] {
        let run = scene.diff(flags);
        assert_eq!(run.code(), code, "{flags}\n{}\n{:?}", run.stdout(), run.problems());
        assert_eq!(run.problems().is_empty(), code < 2, "{flags}");
    }
    let run = scene.diff("--contract wrong.json --old a.yaml --new a.yaml --output json");
    assert!(serde_json::from_str::<Value>(&run.stdout()).unwrap()["problems"].is_array());
    assert!(!run.stdout().contains(MARKED));
}
