//! The two forms of the result.

use serde_json::json;

use crate::{MARKED, Scene};

#[test]
fn a_table_shows_the_effective_configuration() {
    let scene = Scene::new();
    scene.write("a.env", format!("PORT=80\nTOKEN={MARKED}\nPROXY_URL=http://u:p@h\nPROT=1\n"));
    let run = scene.check("--env-file a.env");
    assert_eq!(run.code(), 0);
    assert_eq!(
        run.stdout(),
        "KEY        VALUE        ORIGIN\n\
         LOG_LEVEL  info         default\n\
         PORT       80           a.env:1\n\
         PROXY_URL  (concealed)  a.env:3\n\
         TOKEN      (secret)     a.env:2\n\n\
         1 unknown setting\n"
    );
    assert_eq!(run.problems(), ["unknown setting PROT (a.env:4), did you mean PORT?"]);
}

#[test]
fn json_is_one_document_also_when_invalid() {
    let scene = Scene::new();
    scene.write("a.env", format!("PORT={MARKED}\nTOKEN={MARKED}-{MARKED}\nPROT=1\n"));
    let (code, report) = scene.report("--env-file a.env");
    assert_eq!(code, 1);
    assert_eq!(
        report,
        json!({
            "valid": false,
            "settings": [
                { "key": "LOG_LEVEL", "value": "info", "secret": false, "origin": "default" },
                { "key": "PORT", "secret": false, "origin": "a.env:1" },
                { "key": "TOKEN", "secret": true, "origin": "a.env:2" },
            ],
            "problems": [
                { "key": "PORT", "message": "must be a whole number from 1 to 65535", "origin": "a.env:1" },
                { "key": "TOKEN", "message": "must have 3 to 20 characters, has 33", "origin": "a.env:2" },
            ],
            "unknown": [{ "name": "PROT", "origin": "a.env:3", "nearest": "PORT" }],
        })
    );
}

#[test]
fn no_output_holds_a_secret() {
    let scene = Scene::new();
    scene.write("mount/secrets/TOKEN", MARKED);
    scene.write("mount/config/DB_PASSWORD", MARKED);
    scene.write("a.env", format!("TOKEN={MARKED}\nDB_PASSWORD=\"{MARKED}\n"));
    scene.write(
        "objects.yaml",
        format!("kind: Secret\ndata: {{TOKEN: {MARKED}}}\nstringData: {{DB_PASSWORD: {MARKED}}}"),
    );
    scene.write("values.yaml", format!("config: {{TOKEN: {MARKED}, DB_PASSWORD: !x {MARKED}}}"));
    scene.write("broken.yaml", format!("config: {{TOKEN: {MARKED}\n  DB_PASSWORD: *{MARKED}"));
    let sources = [
        "--config-dir mount",
        "--env-file a.env",
        "--manifest objects.yaml",
        "--values values.yaml",
        "--values broken.yaml",
        "--manifest broken.yaml",
        "--environment",
    ];
    for source in sources.into_iter().chain([sources.join(" ").as_str()]) {
        for form in ["text", "json"] {
            let run = scene.check_with(&format!("{source} --output {form}"), &[("TOKEN", MARKED)]);
            let output = [run.0.stdout, run.0.stderr].concat();
            let is_shown = output.windows(MARKED.len()).any(|part| part == MARKED.as_bytes());
            assert!(!is_shown, "{source}: {}", String::from_utf8_lossy(&output));
        }
    }
}

#[test]
fn names_cannot_move_the_cursor() {
    let scene = Scene::new();
    scene.write("v.yaml", "config: {PORT: 1, \"PORTS\\e[2J\": 2}");
    let run = scene.check("--values v.yaml --without-secrets");
    assert_eq!(run.problems(), ["unknown setting PORTS\\u{1b}[2J (v.yaml:1)"]);
}
