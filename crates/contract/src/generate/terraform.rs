//! A service's Terraform module: `settings.tf` with an input for each setting, and the conditions on inputs that no message may show.

mod condition;
mod hcl;
mod input;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::notice;
use crate::contract::Contract;
use crate::key::Key;
use condition::conditions;
use hcl::{attributes, entry_name, quoted};
use input::Input;

/// Defaults of inputs, as text by setting, where they are not the contract's.
pub type Defaults = BTreeMap<String, String>;

/// The text of `settings.tf`: a variable for each setting with its conditions, and the locals that pass the settings on.
/// `source` names the contract.
///
/// Every input is text or a list of texts. Terraform turns numbers and switches into the text that the contract judges; its types
/// `number` and `bool` would also take texts that the service refuses, such as `1e3` and `"1"`.
pub fn settings(contract: &Contract, source: &str, defaults: &Defaults) -> String {
    let mut text = format!("# {}\n", notice(source));
    for input in Input::all(contract) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}", variable(&input, defaults.get(&input.key.name)));
    }
    let _ = write!(text, "\n{}", locals(contract));
    text
}

/// The conditions of the concealed settings: the content of the region `preconditions` in the release's lifecycle.
pub fn preconditions(contract: &Contract) -> String {
    let concealed = Input::all(contract).filter(Input::is_checked_late);
    concealed
        .flat_map(|input| conditions(&input))
        .map(|condition| condition.block("precondition", ""))
        .collect()
}

/// Every reason why `defaults` do not fit `contract`: the setting, and the reason as a lower-case fragment.
pub fn problems_of_defaults(contract: &Contract, defaults: &Defaults) -> Vec<(String, String)> {
    let reasons = |(name, text): (&String, &String)| -> Vec<(String, String)> {
        let reasons = match contract.key(name) {
            None => vec!["is no setting".into()],
            Some(key) if key.secret => {
                vec!["is a secret and has no default: everyone who reads the module would know it".into()]
            }
            Some(key) => key.violations(text).into_iter().map(|why| format!("the default {why}")).collect(),
        };
        reasons.into_iter().map(|reason| (name.clone(), reason)).collect()
    };
    defaults.iter().flat_map(reasons).collect()
}

fn variable(input: &Input<'_>, own_default: Option<&String>) -> String {
    let key = input.key;
    let kind = if input.is_list() { "list(string)" } else { "string" };
    let mut entries = vec![("description", quoted(&description(key))), ("type", kind.into())];
    match own_default.or(key.default.as_ref()).filter(|_| !key.secret) {
        Some(default) => {
            entries.extend([("default", input.literal(default)), ("nullable", "false".into())]);
        }
        None if input.may_be_null() => entries.push(("default", "null".into())),
        None => entries.push(("nullable", "false".into())),
    }
    if key.secret {
        entries.extend([("sensitive", "true".into()), ("ephemeral", "true".into())]);
    }
    let mut text = comment(input).to_owned();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "variable \"{}\" {{\n{}", input.name(), attributes(&entries, "  "));
    if input.is_checked_late() {
        text.pop();
    } else {
        text.extend(conditions(input).iter().map(|condition| condition.block("validation", "  ")));
    }
    text.push_str("}\n");
    text
}

fn comment(input: &Input<'_>) -> &'static str {
    if input.is_checked_late() {
        "# Checked by preconditions of the release: a failed validation prints the value, which may hold a secret by mistake.\n"
    } else if input.key.secret {
        "# Ephemeral: Terraform stores the value in no state and in no plan.\n"
    } else {
        ""
    }
}

fn description(key: &Key) -> String {
    let expected = if key.secret { String::new() } else { format!("Must be {}.", key.expected) };
    format!("{}: {} {expected}", key.name, key.description).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The settings as the service reads them, so that a module lists none of them by hand.
fn locals(contract: &Contract) -> String {
    let (secrets, settings): (Vec<_>, Vec<_>) = Input::all(contract).partition(|input| input.key.secret);
    let entry = |input: &Input<'_>, text: String| (entry_name(&input.key.name), text);
    let concealed = settings.iter().filter(|input| input.is_checked_late());
    let concealed: Vec<_> =
        concealed.map(|input| entry(input, format!("sensitive({})", input.variable()))).collect();
    let settings: Vec<_> =
        settings.iter().map(|input| entry(input, input.text_of(&input.variable()))).collect();
    let secrets: Vec<_> = secrets.iter().map(|input| entry(input, input.variable())).collect();
    let mut text = "locals {\n".to_owned();
    if !concealed.is_empty() {
        text.push_str(
            "  # Sensitive until they have been checked, so that no message shows them.\n  concealed = {\n",
        );
        text.push_str(&attributes(&concealed, "    "));
        text.push_str("  }\n\n");
    }
    text.push_str("  # What the service is given, as text; nothing for an input that is null.\n");
    text.push_str(&given("settings", &settings));
    text.push('\n');
    text.push_str(&given("secrets", &secrets));
    text.push_str("}\n");
    text
}

/// A local with the texts that are not null.
fn given(name: &str, texts: &[(String, String)]) -> String {
    if texts.is_empty() {
        return format!("  {name} = {{}}\n");
    }
    let entries = attributes(texts, "    ");
    format!("  {name} = {{ for key, text in {{\n{entries}  }} : key => text if text != null }}\n")
}
