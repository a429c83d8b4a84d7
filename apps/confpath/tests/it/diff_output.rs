//! `confpath diff`: its three forms, and what is never in them.

use crate::{MARKED, Scene};

const FLAGS: &str = "--contract contract.json --old old.yaml --new new.yaml";

#[test]
fn text_shows_tables_and_sentences() {
    let scene = Scene::new();
    scene.write("old.yaml", "kind: ConfigMap\ndata: {PORT: '1'}");
    scene.write("new.yaml", "kind: ConfigMap\ndata: {PORT: '0', PROXY_URL: x}");
    let run = scene.diff(FLAGS);
    assert_eq!(run.code(), 1);
    assert_eq!(
        run.stdout(),
        "2 settings differ; the new image refuses the new configuration

SETTING    CHANGE   OLD          NEW          CLASS  IN FORCE
PORT       changed  (concealed)  (concealed)  hot    none: no workload of these manifests takes it
PROXY_URL  added                 (concealed)  hot    none: no workload of these manifests takes it

IMAGE  CONFIGURATION  VERDICT
old    old            accepted
old    new            refused: 1 problem
new    old            accepted
new    new            refused: 1 problem

PROBLEMS
old image, new configuration: PORT: must be a whole number from 1 to 65535 (from new.yaml:2)
new image, new configuration: PORT: must be a whole number from 1 to 65535 (from new.yaml:2)

ORDER
The new image refuses the new configuration: release neither.

NOTES
required, and not in these manifests: TOKEN
"
    );
}

#[test]
fn markdown_of_others_is_not_interpreted() {
    let scene = Scene::with_contract(&serde_json::json!({ "properties": {
        "A": { "type": "string" }, "LONG": { "type": "string" },
        "B": { "type": "string", "pattern": "^(?:x|<i>@team</i>)$", "x-expected": "<b>`|@team" },
    } }));
    let hostile = r"\| ` `` <script>alert(1)</script> | @team #1 [a](http://b) **c** _d_ ~e~ &lt; www.x.y";
    let long = format!("<{}>", "é|".repeat(60));
    let object =
        |data: serde_json::Value| serde_json::json!({ "kind": "ConfigMap", "data": data }).to_string();
    scene.write("old.yaml", object(serde_json::json!({ "A": "x", "B": "x", "LONG": long })));
    scene.write(
        "new.yaml",
        object(serde_json::json!({ "A": hostile, "B": "y", "|<b>@team": "1", "@A": "2" })),
    );
    let run = scene.diff(&format!("{FLAGS} --output markdown"));
    let text = run.stdout();
    let bare = text.replace("<code>", "").replace("</code>", "").replace("<br>", "");
    let bare = bare.replace("<span>&#64;</span>", "");
    assert!(!bare.contains("&#64;") && !bare.contains(['<', '>', '`', '@', '~', '\\', '[']), "{bare}");
    for line in text.lines().filter(|line| line.starts_with("| ") && line.contains("<code>")) {
        let cells = line.matches('|').count();
        assert!(cells == 7 || cells == 4, "{line}");
    }
    // Between tags there are letters, digits, blanks and entities only.
    for code in text
        .replace("<span>&#64;</span>", "")
        .split("<code>")
        .skip(1)
        .map(|part| part.split("</code>").next().unwrap())
    {
        let rest: String = code
            .split("&#")
            .flat_map(|part| part.split_once(';').map_or(part, |(_, rest)| rest).chars())
            .collect();
        assert!(rest.chars().all(|c| c.is_alphanumeric() || c == ' '), "{code}");
    }
    assert!(text.contains("(122 characters)") && text.contains("&#60;script&#62;"), "{text}");
    assert!(text.lines().all(|line| line.len() < 2000));
}

#[test]
fn markdown_has_summary_tables_and_lists() {
    let scene = Scene::new();
    scene.write("old.yaml", "kind: ConfigMap\ndata: {PORT: '1'}");
    scene.write("new.yaml", "kind: ConfigMap\ndata: {PORT: '2'}");
    let run = scene.diff(&format!("{FLAGS} --output markdown"));
    assert_eq!(
        run.stdout(),
        "**Configuration:** 1 setting differs; nothing is refused.

| Setting | Change | Old | New | Class | In force |
|---|---|---|---|---|---|
| <code>PORT</code> | changed | <code>1</code> | <code>2</code> | hot | <code>none&#58; no workload of these manifests takes it</code> |

|  | old configuration | new configuration |
|---|---|---|
| **old image** | ✅ <code>accepted</code> | ✅ <code>accepted</code> |
| **new image** | ✅ <code>accepted</code> | ✅ <code>accepted</code> |

Image and configuration may change in any order.

**Notes**

- <code>required&#44; and not in these manifests&#58; TOKEN</code>
"
    );
}

#[test]
fn many_changes_make_a_short_comment() {
    let keys: Vec<_> = (0..100).map(|number| format!("KEY_{number}")).collect();
    let properties: serde_json::Map<_, _> =
        keys.iter().map(|key| (key.clone(), serde_json::json!({ "type": "string" }))).collect();
    let scene = Scene::with_contract(&serde_json::json!({ "properties": properties }));
    let data = |text: &str| {
        let data: serde_json::Map<_, _> =
            keys.iter().map(|key| (key.clone(), text.repeat(200).into())).collect();
        serde_json::json!({ "kind": "ConfigMap", "data": data }).to_string()
    };
    scene.write("old.yaml", data("|"));
    scene.write("new.yaml", data("<"));
    let text = scene.diff(&format!("{FLAGS} --output markdown")).stdout();
    assert!(text.contains("and 60 more") && text.len() < 65_536, "{} bytes", text.len());
}

#[test]
fn no_comparison_holds_a_secret() {
    let scene = Scene::new();
    let other = "other-91be-hush";
    let objects = |value: &str| {
        format!(
            "kind: ConfigMap\ndata: {{PORT: {value}, PROXY_URL: {value}, DB_PASSWORD: {value}}}\n---\n\
             kind: Secret\nstringData: {{TOKEN: {value}, LOG_LEVEL: {value}, FREE: {value}}}\n---\n\
             kind: Deployment\nspec: {{template: {{spec: {{containers: [{{env: [{{name: TOKEN, value: {value}}}]}}]}}}}}}\n"
        )
    };
    scene.write("old.yaml", objects(MARKED));
    scene.write("new.yaml", objects(other));
    scene.write("broken.yaml", format!("{}\n\t{MARKED}", objects(other)));
    // What is in a Secret is secret, and so is what one of the contracts calls so.
    let contract = |keys: &[&str]| {
        let property = |key: &&str| ((*key).to_owned(), serde_json::json!({ "type": "string" }));
        let properties: serde_json::Map<_, _> = keys.iter().map(property).collect();
        serde_json::json!({ "properties": properties }).to_string()
    };
    scene.write("plain.json", contract(&["TOKEN", "DB_PASSWORD", "PROXY_URL"]));
    scene.write("free.json", contract(&["TOKEN", "FREE"]));
    let contracts = [
        "contract.json contract.json",
        "contract.json plain.json",
        "plain.json contract.json",
        "free.json free.json",
    ];
    for contracts in contracts {
        let (old, new) = contracts.split_once(' ').unwrap();
        for (file, form) in
            ["text", "json", "markdown"].iter().flat_map(|form| [("new.yaml", form), ("broken.yaml", form)])
        {
            let run = scene.diff(&format!(
                "--old-contract {old} --new-contract {new} --old old.yaml --new {file} --output {form}"
            ));
            let output = [run.0.stdout, run.0.stderr].concat();
            for secret in [MARKED, other, &MARKED.replace('-', "&#45;"), &other.replace('-', "&#45;")] {
                let is_shown = output.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!is_shown, "{contracts} {form}: {}", String::from_utf8_lossy(&output));
            }
        }
    }
}

#[test]
fn a_changed_secret_is_only_named() {
    let scene = Scene::new();
    let secret = |value: &str| {
        format!("kind: ConfigMap\ndata: {{PORT: '1'}}\n---\nkind: Secret\nstringData: {{TOKEN: {value}}}\n")
    };
    let (code, report) = scene.compare(&secret("abc"), &secret("abd"));
    assert_eq!(code, 0);
    assert_eq!(report["changes"][0]["change"], "changed");
    assert!(report["changes"][0]["old"]["value"].is_null() && report["changes"][0]["secret"] == true);
    assert!(scene.compare(&secret("abc"), &secret("abc")).1["changes"].as_array().unwrap().is_empty());
    let (_, report) = scene.compare(&secret("abc"), "kind: ConfigMap\ndata: {PORT: '1'}");
    assert_eq!(report["changes"][0]["change"], "unseen");
}
