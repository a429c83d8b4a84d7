//! The settings contract as `myapp schema` prints it.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// One setting.
pub(super) struct Setting<'a> {
    pub(super) name: &'a str,
    pub(super) required: bool,
    schema: &'a Value,
}

/// The settings, sorted by name.
pub(super) fn settings(contract: &Value) -> Result<Vec<Setting<'_>>> {
    let properties = contract["properties"].as_object().context("the contract has no properties")?;
    let required: Vec<&str> =
        contract["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut settings: Vec<Setting<'_>> = properties
        .iter()
        .map(|(name, schema)| Setting { name, required: required.contains(&name.as_str()), schema })
        .collect();
    if settings.is_empty() {
        bail!("the contract has no settings");
    }
    settings.sort_by_key(|setting| setting.name);
    Ok(settings)
}

impl Setting<'_> {
    /// A keyword of the setting's schema.
    pub(super) fn keyword(&self, name: &str) -> Option<&Value> {
        self.schema.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, keyword: &str) -> &str {
        self.keyword(keyword).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn flag(&self, keyword: &str) -> bool {
        self.keyword(keyword).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn integer(&self, keyword: &str) -> Result<u64> {
        let value = self.keyword(keyword).and_then(Value::as_u64);
        value.with_context(|| format!("{}: no {keyword}", self.name))
    }

    pub(super) fn is_integer(&self) -> bool {
        self.text("type") == "integer"
    }

    pub(super) fn is_secret(&self) -> bool {
        self.flag("x-secret")
    }

    /// Whether a refused value may hold a secret by mistake.
    pub(super) fn is_concealed(&self) -> bool {
        self.flag("x-conceal")
    }

    /// The description on one line.
    pub(super) fn description(&self) -> String {
        self.text("description").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The default as text, where there is one.
    pub(super) fn default(&self) -> Option<String> {
        self.keyword("default").map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }
}
