//! Each source alone, and the precedence between them.

use serde_json::json;

use crate::{MARKED, Scene};

#[test]
fn each_source_gives_values_with_origin() {
    let scene = Scene::new();
    scene.write("mount/config/PORT", "1\n");
    scene.write("mount/secrets/TOKEN", MARKED);
    scene.write("a.env", format!("# x\nPORT=2\nTOKEN={MARKED}\n"));
    scene.write("values.yaml", format!("image: x\nconfig:\n  PORT: 3\n  TOKEN: {MARKED}\n"));
    scene.write(
        "objects.yaml",
        format!("kind: ConfigMap\ndata: {{PORT: '4'}}\n---\nkind: Secret\nstringData: {{TOKEN: {MARKED}}}\n"),
    );
    for (flags, value, origin) in [
        ("--config-dir mount", "1", "mount/config/PORT"),
        ("--env-file a.env", "2", "a.env:2"),
        ("--values values.yaml", "3", "values.yaml:3"),
        ("--manifest objects.yaml", "4", "objects.yaml:2"),
    ] {
        let (code, report) = scene.report(flags);
        assert_eq!(code, 0, "{flags} {report}");
        let expected = json!({ "key": "PORT", "value": value, "secret": false, "origin": origin });
        assert_eq!(report["settings"][1], expected, "{flags}");
    }
    let run = scene.check_with("--environment --output json", &[("PORT", "5"), ("TOKEN", MARKED)]);
    assert!(run.code() == 0 && run.stdout().contains(r#""origin": "environment""#));
}

#[test]
fn variables_override_files_and_later_sources_earlier_ones() {
    let scene = Scene::new();
    scene.write("a.env", "PORT=1\nTOKEN=abc\n");
    scene.write("b.env", "PORT=2\n");
    scene.write("values.yaml", "config: {PORT: 3}\n");
    scene.write("objects.json", r#"{"kind":"ConfigMap","data":{"PORT":"4"}}"#);
    let port = |flags: &str| {
        let run = scene.check_with(&format!("{flags} --without-secrets --output json"), &[("PORT", "5")]);
        let report: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
        report["settings"][1]["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(port("--values values.yaml --manifest objects.json"), "4");
    assert_eq!(port("--manifest objects.json --values values.yaml"), "3");
    assert_eq!(port("--env-file a.env --values values.yaml"), "1");
    assert_eq!(port("--env-file a.env --env-file b.env"), "2");
    assert_eq!(port("--environment --env-file a.env"), "1");
    assert_eq!(port("--env-file a.env --environment"), "5");
}

#[test]
fn problems_of_all_sources_come_at_once() {
    let scene = Scene::new();
    scene.write("mount/config/TOKEN", MARKED);
    scene.write("mount/config/LOG_LEVLE", "debug");
    scene.write("a.env", format!("PORT=0\nPROXY_URLS=x\nOTHER=1\nTOKEN=\"{MARKED}\n"));
    let run = scene.check("--config-dir mount --env-file a.env");
    assert_eq!(run.code(), 1);
    assert_eq!(
        run.problems(),
        [
            "PORT: must be a whole number from 1 to 65535 (from a.env:1)",
            "TOKEN: is a secret and must not be in config/; mount it from a Secret below secrets/ (from mount/config/TOKEN)",
            "TOKEN: the quote \" is not closed on its line (from a.env:4)",
            "unknown setting LOG_LEVLE (mount/config/LOG_LEVLE), did you mean LOG_LEVEL?",
            "unknown setting PROXY_URLS (a.env:2), did you mean PROXY_URL?",
        ]
    );
}

#[test]
fn missing_secrets_may_be_left_out() {
    let scene = Scene::new();
    scene.write("a.env", "PORT=1\nLOG_LEVEL=debug\n");
    let run = scene.check("--env-file a.env");
    assert_eq!(
        run.problems(),
        ["DB_PASSWORD: is required, since LOG_LEVEL is debug", "TOKEN: is required and not given"]
    );
    assert_eq!(scene.check("--env-file a.env --without-secrets").code(), 0);
    scene.write("a.env", "LOG_LEVEL=debug\nTOKEN=x\n");
    let run = scene.check("--env-file a.env --without-secrets");
    assert_eq!(run.problems().len(), 2, "the port is missing, and the given token is too short");
}

#[test]
fn the_volume_of_a_kubelet_is_read() {
    let scene = Scene::new();
    scene.write("mount/..1/config/PORT", "7");
    scene.write("mount/..1/secrets/TOKEN", MARKED);
    std::os::unix::fs::symlink("..1", scene.path().join("mount/..data")).unwrap();
    for name in ["config", "secrets"] {
        std::os::unix::fs::symlink(format!("..data/{name}"), scene.path().join("mount").join(name)).unwrap();
    }
    assert_eq!(scene.report("--config-dir mount").0, 0);
}

#[test]
fn large_input_is_read_or_refused() {
    let scene = Scene::new();
    let line = format!("# {}\n", "x".repeat(1022));
    scene.write("a.env", line.repeat(10 * 1024) + "PORT=1\nTOKEN=abc\n");
    scene.write("values.yaml", line.repeat(10 * 1024) + "config: {PORT: 1}\n");
    let run = scene.check("--env-file a.env --values values.yaml");
    assert_eq!(run.code(), 0, "{:?}", run.problems());
    scene.write("a.env", line.repeat(17 * 1024));
    let run = scene.check("--env-file a.env --without-secrets --environment");
    assert_eq!(run.problems(), ["a.env: has more than 16 MiB, which is the limit of a file"]);
    assert_eq!(run.code(), 2);
}
