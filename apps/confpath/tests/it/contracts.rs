//! Contract files that are refused.

use serde_json::json;

use crate::Scene;

#[test]
fn problems_of_a_contract_have_pointer_and_line() {
    let scene = Scene::new();
    scene.write(
        "contract.json",
        r#"{
  "properties": {
    "PORT": {
      "type": "integer",
      "minimum": "low",
      "multipleOf": 2
    },
    "port": { "type": "string" },
    "A-B": { "type": "string" },
    "TOKEN": { "type": "string", "x-secret": true, "default": "x" },
    "NAME": { "type": "string", "pattern": "^(?:\\s)$" },
    "NAME": { "type": "string" }
  },
  "required": ["ABSENT"]
}"#,
    );
    let run = scene.check("--environment");
    assert_eq!(run.code(), 64);
    assert_eq!(
        run.problems(),
        [
            "contract.json:5: /properties/PORT/minimum: minimum must be a whole number",
            "contract.json:6: /properties/PORT/multipleOf: keyword \"multipleOf\" is not enforced",
            "contract.json:8: /properties/port: differs from PORT in case only",
            "contract.json:9: /properties/A-B: no shell can export this name: use letters, digits and _, not a digit first",
            "contract.json:10: /properties/TOKEN/default: a secret has no default: everyone who reads the contract would know it",
            "contract.json:12: the contract: NAME is given twice, also on line 11",
            "contract.json:14: /required: required names \"ABSENT\", which is no setting",
        ]
    );
}

#[test]
fn wrong_input_and_unreadable_files_differ() {
    let scene = Scene::new();
    for (flags, code) in [
        ("--environment --nonsense", 64),
        ("--without-secrets", 64),
        ("--env-file absent", 2),
        ("--values absent", 2),
        ("--manifest absent", 2),
        ("--config-dir absent", 2),
    ] {
        let run = scene.check(flags);
        assert_eq!(run.code(), code, "{flags}");
        assert!(!run.problems().is_empty() && run.stdout().is_empty(), "{flags}");
    }
    scene.write("contract.json", "{\n \"properties\":\n}");
    assert_eq!(scene.check("--environment").problems().len(), 1);
    assert_eq!(scene.check("--environment").code(), 64);
    let (code, report) = scene.report("--environment");
    assert_eq!((code, &report["valid"]), (64, &json!(false)));
    assert_eq!(report["problems"][0]["origin"], "contract.json:3");
    std::fs::remove_file(scene.path().join("contract.json")).unwrap();
    assert_eq!(scene.check("--environment").code(), 2);
}

#[test]
fn a_missing_value_is_unknown_beside_unreadable_files() {
    let scene = Scene::new();
    let problems = scene.check("--env-file absent").problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("absent: cannot be read: "));
}
