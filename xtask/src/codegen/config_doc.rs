//! `docs/config.md`: the settings for people.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::Value;

use super::contract::{Setting, settings};

const INTRODUCTION: &str = "\
# Settings

<!-- Generated from the settings type by `cargo xtask codegen`; do not edit. -->

Each setting is given by an environment variable of its name, or by a file of its name in the mounted directory
(`--config-dir`), directly or in `config/` (`secrets/` for secrets). The environment is stronger than a file, and a file
stronger than the default. With the chart, give them below `config:`; secrets better in a Secret named by
`existingSecret`.

No value may contain a control character such as a line break; one line break at the end of a file is not part of its
value. `myapp check` tells every problem of a configuration without serving it. No message repeats a refused value: a
password may have been pasted into any key.
";

pub(super) fn config_doc(contract: &Value) -> Result<String> {
    let settings = settings(contract)?;
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n| setting | default | when it changes | secret |\n|---|---|---|---|\n");
    for setting in &settings {
        let secret = if setting.is_secret() { "yes" } else { "" };
        let change = on_change(setting);
        writeln!(
            text,
            "| [`{0}`](#{1}) | {2} | {change} | {secret} |",
            setting.name,
            anchor(setting),
            default(setting)
        )?;
    }
    for setting in &settings {
        section(&mut text, setting)?;
    }
    Ok(text)
}

fn section(text: &mut String, setting: &Setting<'_>) -> Result<()> {
    writeln!(text, "\n## `{}`\n\n{}\n", setting.name, setting.description())?;
    writeln!(text, "- Must be {}.", setting.text("x-expected"))?;
    if let Some(not) = setting.keyword("not") {
        writeln!(text, "- It {}.", not["description"].as_str().unwrap_or_default())?;
    }
    if let Some(rule) = setting.keyword("x-required-when") {
        writeln!(text, "- Required where {}.", rule["because"].as_str().unwrap_or_default())?;
    }
    if setting.is_secret() {
        writeln!(text, "- Secret: masked wherever it is shown; a file of it is refused in `config/`.")?;
    }
    Ok(())
}

fn default(setting: &Setting<'_>) -> String {
    match setting.default() {
        Some(text) => format!("`{text}`"),
        None if setting.required => "required".into(),
        None => String::new(),
    }
}

fn on_change(setting: &Setting<'_>) -> &'static str {
    match setting.text("x-on-change") {
        "hot" => "in force at once",
        _ => "something is prepared first",
    }
}

/// As GitHub makes anchors of headings.
fn anchor(setting: &Setting<'_>) -> String {
    setting.name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::config_doc;

    #[test]
    fn a_setting_is_told_with_its_default_limits_and_rules() {
        let contract = json!({ "required": ["KEY"], "properties": {
            "KEY": { "type": "string", "x-secret": true, "x-on-change": "hot", "x-expected": "any text",
                     "description": "Signs\nthings." },
            "SIZE": { "type": "integer", "default": 30, "x-on-change": "prepare", "x-expected": "1 to 9",
                      "description": "How many.", "not": { "description": "must not be 7" } },
        } });
        let text = config_doc(&contract).unwrap();
        for line in [
            "| [`KEY`](#key) | required | in force at once | yes |",
            "| [`SIZE`](#size) | `30` | something is prepared first |  |",
            "Signs things.",
            "- Must be 1 to 9.",
            "- It must not be 7.",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\nnot in\n{text}");
        }
    }
}
