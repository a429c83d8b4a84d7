//! Changes of a saved plan, by address and action: values are never shown.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::report::text::columns;

/// A plan as `terraform show -json` prints it.
pub(super) struct Changes {
    resources: Vec<(String, Action)>,
    outputs: Vec<String>,
    /// Inputs declared `sensitive` and not `ephemeral`.
    kept_secrets: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Create,
    Update,
    Replace,
    Delete,
    Read,
    Forget,
}

impl Changes {
    /// # Errors
    /// It is no such document.
    pub(super) fn read(shown: &str) -> Result<Self> {
        // The error of the parser could quote what it was given.
        let plan: Value = serde_json::from_str(shown).ok().context("terraform show printed no JSON")?;
        let resources = items(&plan["resource_changes"]).filter_map(|change| {
            let address = change["address"].as_str()?.to_owned();
            Some((address, Action::of(&change["change"]["actions"])?))
        });
        let outputs = members(&plan["output_changes"])
            .filter(|(_, change)| Action::of(&change["actions"]).is_some())
            .map(|(name, _)| name.clone());
        let declared = &plan["configuration"]["root_module"]["variables"];
        let kept = members(&plan["variables"])
            .filter(|(name, _)| declared[name.as_str()]["sensitive"] == true)
            .map(|(name, _)| name.clone());
        Ok(Self { resources: resources.collect(), outputs: outputs.collect(), kept_secrets: kept.collect() })
    }

    /// The inputs whose values are in the plan although they are secret. An ephemeral one is in no plan.
    pub(super) fn kept_secrets(&self) -> &[String] {
        &self.kept_secrets
    }

    pub(super) fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.outputs.is_empty()
    }

    /// A line a change, and last their numbers.
    pub(super) fn render(&self) -> String {
        let resources =
            self.resources.iter().map(|(address, action)| [format!("{:<7}", action.word()), address.clone()]);
        let outputs = self.outputs.iter().map(|name| ["output ".to_owned(), format!("output.{name}")]);
        let count =
            |wanted: &[Action]| self.resources.iter().filter(|(_, action)| wanted.contains(action)).count();
        let numbers = format!(
            "{} to add, {} to change, {} to destroy",
            count(&[Action::Create, Action::Replace]),
            count(&[Action::Update]),
            count(&[Action::Delete, Action::Replace]),
        );
        let rows: Vec<_> = resources.chain(outputs).collect();
        if rows.is_empty() {
            return numbers;
        }
        format!("{}\n{numbers}", columns(&rows).join("\n"))
    }
}

impl Action {
    /// Nothing where nothing would be done.
    fn of(actions: &Value) -> Option<Self> {
        let words: Vec<_> = items(actions).filter_map(Value::as_str).collect();
        Some(match words[..] {
            ["create"] => Self::Create,
            ["update"] => Self::Update,
            ["delete"] => Self::Delete,
            ["read"] => Self::Read,
            ["forget"] => Self::Forget,
            ["delete", "create"] | ["create", "delete"] => Self::Replace,
            _ => return None,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "destroy",
            Self::Read => "read",
            Self::Forget => "forget",
        }
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(address: &str, actions: &[&str]) -> Value {
        json!({ "address": address, "change": { "actions": actions, "after": { "data": "hush-hush" } } })
    }

    #[test]
    fn addresses_and_actions_are_shown_and_no_value() {
        let plan = json!({
            "resource_changes": [
                change("module.myapp_1.helm_release.myapp", &["update"]),
                change("a.b[\"c\"]", &["delete", "create"]),
                change("same", &["no-op"]),
            ],
            "output_changes": { "releases": { "actions": ["update"], "after": "hush-hush" }, "same": { "actions": ["no-op"] } },
        });
        let changes = Changes::read(&plan.to_string()).unwrap();
        let expected = "update   module.myapp_1.helm_release.myapp\nreplace  a.b[\"c\"]\noutput   output.releases\n\
                        1 to add, 1 to change, 1 to destroy";
        assert_eq!(changes.render(), expected);
        assert!(!changes.is_empty());
    }

    #[test]
    fn a_plan_of_nothing_is_empty() {
        let plan = json!({ "resource_changes": [change("same", &["no-op"])] });
        assert!(Changes::read(&plan.to_string()).unwrap().is_empty());
    }

    #[test]
    fn only_secret_inputs_in_the_plan_are_named() {
        let plan = json!({
            "variables": { "password": { "value": "hush-hush" }, "region": { "value": "eu-west-1" } },
            "configuration": { "root_module": { "variables": {
                "password": { "sensitive": true }, "region": {}, "ephemeral": { "sensitive": true },
            } } },
        });
        assert_eq!(Changes::read(&plan.to_string()).unwrap().kept_secrets(), ["password"]);
    }

    #[test]
    fn invalid_plan_is_refused_without_being_quoted() {
        let error = Changes::read("hush-hush").err().unwrap();
        assert_eq!(format!("{error:#}"), "terraform show printed no JSON");
    }
}
