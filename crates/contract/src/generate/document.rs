//! The settings for people, as Markdown.

use std::fmt::Write as _;

use super::notice;
use crate::contract::Contract;
use crate::key::Key;
use crate::on_change::OnChange;

const INTRODUCTION: &str = "\
Each setting is given by an environment variable of its name, or by a file of its name in the mounted directory, directly
or in `config/` (`secrets/` for secrets). The environment is stronger than a file, and a file stronger than the default.
With the chart, give them below `config:`; secrets better in a Secret named by `existingSecret`.

No value may contain a control character such as a line break; one line break at the end of a file is not part of its
value. `confpath check` tells every problem of a configuration before it is deployed. No message repeats a refused value: a
password may have been pasted into any key.
";

/// The text of the document. `source` names the contract.
pub fn document(contract: &Contract, source: &str) -> String {
    let mut text = format!("# Settings\n\n<!-- {} -->\n\n{INTRODUCTION}", notice(source));
    text.push_str("\n| setting | default | when it changes | secret |\n|---|---|---|---|\n");
    for key in contract.keys() {
        let secret = if key.secret { "yes" } else { "" };
        let change = on_change(key.on_change);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| [`{0}`](#{1}) | {2} | {change} | {secret} |",
            key.name,
            anchor(key),
            default(key)
        );
    }
    for key in contract.keys() {
        let _ = section(&mut text, key);
    }
    text
}

fn section(text: &mut String, key: &Key) -> std::fmt::Result {
    writeln!(text, "\n## `{}`\n\n{}\n", key.name, key.description)?;
    writeln!(text, "- Must be {}.", key.expected)?;
    if let Some(refused) = &key.refused {
        writeln!(text, "- It {}.", refused.because)?;
    }
    if let Some(rule) = &key.required_when {
        writeln!(text, "- Required where {}.", rule.because)?;
    }
    if key.secret {
        writeln!(text, "- Secret: masked wherever it is shown; a file of it is refused in `config/`.")?;
    }
    Ok(())
}

fn default(key: &Key) -> String {
    match &key.default {
        Some(text) => format!("`{text}`"),
        None if key.required => "required".into(),
        None => String::new(),
    }
}

fn on_change(effect: OnChange) -> &'static str {
    match effect {
        OnChange::Hot => "in force at once",
        OnChange::Prepare => "something is prepared first",
        OnChange::Restart => "refused until a restart",
    }
}

/// The anchor that GitHub makes of a heading.
fn anchor(key: &Key) -> String {
    key.name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::document;
    use crate::Contract;

    #[test]
    fn setting_is_documented_with_default_limits_and_rules() {
        let contract = Contract::from_schema(json!({ "required": ["KEY"], "properties": {
            "KEY": { "type": "string", "x-secret": true, "x-on-change": "hot", "x-expected": "any text",
                     "description": "Signs\nthings." },
            "SIZE": { "type": "integer", "default": 30, "x-on-change": "prepare", "x-expected": "1 to 9",
                      "description": "How many.",
                      "not": { "pattern": "^7$", "description": "must not be 7" } },
        } }))
        .unwrap();
        let text = document(&contract, "contract.json");
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
