//! One verdict for the same values, whatever source they come from.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{Scene, few_cases};

fn contract() -> Value {
    json!({ "required": ["TEXT", "TOKEN"], "properties": {
        "TEXT": { "type": "string", "minLength": 1, "maxLength": 8 },
        "MODE": { "type": "string", "enum": ["fast", "safe"], "default": "fast" },
        "URL": { "type": "string", "format": "uri" },
        "PORT": { "type": "integer", "minimum": 1, "maximum": 65535 },
        "RATIO": { "type": "number", "minimum": -1, "maximum": 1 },
        "IS_ON": { "type": "boolean" },
        "WAIT": { "type": "string", "format": "duration-text", "x-maximum": "1h" },
        "HOSTS": { "type": "array", "items": { "type": "string", "format": "hostname" }, "maxItems": 3 },
        "TOKEN": {
            "type": "string", "x-secret": true, "minLength": 1,
            "x-required-when": { "key": "MODE", "pattern": "^safe$", "because": "MODE is safe" },
        },
    } })
}

/// Texts of all kinds, good and bad, without a line break at the end: a mounted file may have one.
fn text() -> impl Strategy<Value = String> {
    let known = [
        "fast",
        "safe",
        "https://h/p#f",
        "1",
        "-0.5",
        "65536",
        "true",
        "on",
        "30s",
        "2h",
        "a,b",
        r#"["a","b"]"#,
        "[1",
        "0755",
        "1e3",
        "null",
        "~",
        "'",
        "\"",
        "\\",
        "# c",
        " a ",
        "a # b",
        "$HOME",
        "a\tb",
        "a\nb",
        "a\rb",
        "\u{2028}",
        "\u{feff}",
        "%",
        "{",
        "é",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "[ -~é\u{1f600}\n\t\u{85}]{0,12}",
    ]
    .prop_filter("a break at the end", |text| !text.ends_with('\n'))
}

type Given = Vec<(&'static str, String)>;

fn given() -> impl Strategy<Value = Given> {
    let keys = ["TEXT", "MODE", "URL", "PORT", "RATIO", "IS_ON", "WAIT", "HOSTS", "TOKEN"];
    // An empty secret is not given by a values file.
    proptest::collection::vec(proptest::option::weighted(0.9, text()), keys.len()).prop_map(move |texts| {
        let given = keys.into_iter().zip(texts).filter_map(|(key, text)| Some((key, text?)));
        given.filter(|(key, text)| *key != "TOKEN" || !text.is_empty()).collect()
    })
}

/// Writes the same values for every source; returns the flags for each.
fn write(scene: &Scene, given: &Given) -> [&'static str; 5] {
    let _ = std::fs::remove_dir_all(scene.path().join("mount"));
    std::fs::create_dir_all(scene.path().join("mount/config")).unwrap();
    let (mut lines, mut yaml) = (String::new(), "config:\n  delivery: files\n".to_owned());
    let (mut config, mut secret) = (Map::new(), Map::new());
    for (key, text) in given {
        let is_secret = *key == "TOKEN";
        scene.write(&format!("mount/{}/{key}", if is_secret { "secrets" } else { "config" }), text);
        let escaped: String = text
            .chars()
            .map(|c| match c {
                '\n' => "\\n".into(),
                '\r' => "\\r".into(),
                '\\' | '"' | '$' => format!("\\{c}"),
                other => other.to_string(),
            })
            .collect();
        lines += &format!("{key}=\"{escaped}\"\n");
        let is_typed = matches!(
            (*key, text.as_str()),
            ("PORT", "1" | "65536") | ("RATIO", "1" | "-0.5" | "65536") | ("IS_ON", "true")
        );
        let value = if is_typed { text.clone() } else { json!(text).to_string() };
        yaml += &format!("  {key}: {value}\n");
        if is_secret { &mut secret } else { &mut config }.insert((*key).into(), json!(text));
    }
    scene.write("a.env", lines);
    scene.write("values.yaml", yaml);
    let objects =
        [json!({ "kind": "ConfigMap", "data": config }), json!({ "kind": "Secret", "stringData": secret })];
    scene.write("objects.json", json!({ "kind": "List", "items": objects }).to_string());
    [
        "--config-dir mount",
        "--env-file a.env",
        "--values values.yaml",
        "--manifest objects.json",
        "--environment",
    ]
}

/// Everything but the origins.
fn verdict(scene: &Scene, flags: &str, given: &Given) -> Value {
    let variables: Vec<_> = given.iter().map(|(key, text)| (*key, text.as_str())).collect();
    let run = scene.check_with(&format!("{flags} --output json"), &variables);
    let mut report: Value = serde_json::from_str(&run.stdout()).unwrap();
    for part in ["settings", "problems"] {
        for item in report[part].as_array_mut().unwrap() {
            item.as_object_mut().unwrap().remove("origin");
        }
    }
    assert_eq!(run.code() == 0, report["valid"] == true);
    report
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn all_sources_get_the_same_verdict(given in given()) {
        let scene = Scene::with_contract(&contract());
        let flags = write(&scene, &given);
        let verdicts = flags.map(|flags| verdict(&scene, flags, &given));
        for (flags, other) in flags.iter().zip(&verdicts) {
            prop_assert_eq!(other, &verdicts[0], "{}", flags);
        }
    }
}
