//! The settings that are secret or may hold a secret by mistake, as the service's contract says.

use std::fs;
use std::sync::LazyLock;

use anyhow::{Context as _, Result, anyhow};
use kit::workspace;
use serde_json::Value;

use crate::project::PROJECT;

static PROPERTIES: LazyLock<Result<Value>> = LazyLock::new(read);

fn read() -> Result<Value> {
    let path = PROJECT.contract;
    let text =
        fs::read_to_string(workspace::root().join(path)).with_context(|| format!("cannot read {path}"))?;
    let contract: Value = serde_json::from_str(&text).with_context(|| format!("{path} is no JSON"))?;
    Ok(contract["properties"].clone())
}

/// The keys of the release's Secret.
///
/// # Errors
/// The contract cannot be read.
pub(crate) fn secret_keys() -> Result<Vec<&'static str>> {
    let properties = PROPERTIES.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let settings = properties.as_object().into_iter().flatten();
    Ok(settings.filter(|(_, setting)| setting["x-secret"] == true).map(|(key, _)| key.as_str()).collect())
}

/// Returns true for a value of the chart that is compared and never shown. Without a contract that is every setting.
pub(crate) fn is_hidden(path: &str) -> bool {
    let is_below = |hidden: &&str| path == *hidden || path.starts_with(&format!("{hidden}."));
    if PROJECT.hidden_values.iter().any(is_below) {
        return true;
    }
    let Some(key) = path.strip_prefix("config.") else { return false };
    PROPERTIES.as_ref().map_or(true, |properties| {
        let setting = &properties[key];
        setting["x-secret"] == true || setting["x-conceal"] == true
    })
}
