//! A new setting of each kind in the service: one file is edited by hand, and every door follows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::helm::{Release, Values};
use e2e::objects;
use e2e::{confpath, service};
use serde_json::{Value, json};

use crate::support::only;

/// The file that a person edits.
const SETTINGS: &str = "apps/myapp/src/settings.rs";

/// Place of the new settings.
const PLACE: &str = "    /// Signs pagination cursors";

const FIELDS: &str = r#"    /// Switches the feature on.
    #[serde(default)]
    #[schemars(extend("x-on-change" = "hot"))]
    pub feature_x: bool,

    /// Origins that browsers may call from.
    #[serde(default)]
    #[schemars(length(max = 3), inner(length(min = 1, max = 20)), extend("x-on-change" = "hot"))]
    pub allowed_origins: Vec<String>,

    /// Longest time of an answer.
    #[serde(default = "timeout")]
    #[schemars(extend("format" = "duration-text", "x-minimum" = "1s", "x-maximum" = "5m", "x-on-change" = "hot"))]
    pub timeout: String,

    /// The kind of work.
    #[serde(default)]
    #[schemars(extend("x-on-change" = "hot"))]
    pub mode: Mode,

    /// The share of requests that are sampled.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-on-change" = "hot"))]
    pub sample_ratio: Option<f64>,

"#;

const TYPES: &str = r#"
/// A kind of work.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Fast,
    Safe,
}

fn timeout() -> String {
    "30s".into()
}
"#;

/// A copy of the checkout below `target`, of which files keep their times as long as they keep their text, so that cargo builds what
/// changed only.
struct Checkout(PathBuf);

impl Checkout {
    fn with_new_settings() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let copy = Self(root.join("target/one-edit"));
        for path in tracked() {
            // A file may be gone and not yet be committed so.
            let Ok(bytes) = fs::read(root.join(&path)) else { continue };
            let bytes =
                if path == SETTINGS { edited(&String::from_utf8(bytes).unwrap()).into() } else { bytes };
            copy.write(&path, &bytes);
        }
        copy
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.join(path);
        if fs::read(&path).is_ok_and(|present| present == bytes) {
            return;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The files that differ from the checkout's.
    fn edited_files(&self) -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let differs = |path: &String| fs::read(root.join(path)).ok() != fs::read(self.0.join(path)).ok();
        tracked().into_iter().filter(differs).collect()
    }
}

/// The files that the checkout has under version control.
fn tracked() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().unwrap();
    String::from_utf8(listed.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect()
}

fn edited(source: &str) -> String {
    assert_eq!(source.matches(PLACE).count(), 1);
    format!("{}{TYPES}", source.replace(PLACE, &format!("{FIELDS}{PLACE}")))
}

#[test]
fn new_settings_take_one_edit_by_hand() {
    let checkout = Checkout::with_new_settings();
    assert_eq!(checkout.edited_files(), [SETTINGS]);

    let binary = service::binary_of(&checkout.0).unwrap();
    let schema = Command::new(&binary).arg("schema").output().unwrap();
    checkout.write("apps/myapp/contract.json", &schema.stdout);
    confpath::generate(&checkout.0).unwrap();

    let chart = checkout.0.join("charts/myapp");
    let release = Release::of_chart("r", chart);
    let values = |config: Value| Values::minimal().document(json!({ "config": config }));
    let good = json!({ "FEATURE_X": true, "ALLOWED_ORIGINS": ["https://a", "b,c"], "TIMEOUT": "90s", "MODE": "safe", "SAMPLE_RATIO": 0.25 });
    let objects = release.render(&values(good)).unwrap();
    let config_map = only(&objects, "ConfigMap");
    let texts = [
        ("FEATURE_X", "true"),
        ("ALLOWED_ORIGINS", r#"["https://a","b,c"]"#),
        ("TIMEOUT", "90s"),
        ("MODE", "safe"),
        ("SAMPLE_RATIO", "0.25"),
    ];
    for (key, text) in texts {
        assert_eq!(objects::text(config_map, &format!("/data/{key}")), text);
    }
    let secret = [("SECRET_KEY", "hush")];
    let start = |texts: &[(&str, &str)]| {
        let variables = texts.iter().chain(&secret).copied();
        Command::new(&binary).arg("check").env_clear().envs(variables).output().unwrap()
    };
    assert!(start(&texts).status.success());

    // The same sentences from the chart and from the process, all at once.
    let bad = [
        ("ALLOWED_ORIGINS", r#"["a",""]"#, "item 2 must be any text of 1 to 20 characters"),
        ("FEATURE_X", "yes", "must be true or false"),
        ("MODE", "slow", "must be fast or safe"),
        ("SAMPLE_RATIO", "1.5", "must be a number from 0 to 1"),
        ("TIMEOUT", "1h", "must be a duration such as 250ms, 30s, 5m or 2h from 1s to 5m"),
    ];
    let config: serde_json::Map<_, _> =
        bad.iter().map(|(key, text, _)| ((*key).into(), json!(text))).collect();
    let refusal = release.render(&values(config.into())).unwrap_err().to_string();
    let texts: Vec<_> = bad.iter().map(|(key, text, _)| (*key, *text)).collect();
    let process = String::from_utf8(start(&texts).stderr).unwrap();
    for (key, _, sentence) in bad {
        assert!(refusal.contains(&format!("config.{key}: {sentence}")), "{key}: {refusal}");
        assert!(process.contains(&format!("{key}: {sentence}")), "{key}: {process}");
    }

    let inputs = fs::read_to_string(checkout.0.join("terraform/modules/myapp/settings.tf")).unwrap();
    let document = fs::read_to_string(checkout.0.join("docs/config.md")).unwrap();
    for (key, _, _) in bad {
        assert!(inputs.contains(&format!("variable \"{}\"", key.to_lowercase())), "{key}");
        assert!(document.contains(&format!("## `{key}`")), "{key}");
    }
}
