//! The contract of a service.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::error::{ContractError, KeyError};
use crate::key::{Explain, Key};
use crate::on_change::OnChange;
use crate::schema;

/// The settings of a service, as its schema declares them: each key with its type, limits and meaning.
#[derive(Clone, Debug)]
pub struct Contract {
    schema: Value,
    keys: Vec<Key>,
}

impl Contract {
    /// Reads the contract of the settings type `S`: a struct of scalar fields and lists of them.
    ///
    /// # Errors
    /// Every part of the schema that could not be enforced to the letter.
    #[cfg(feature = "schemars")]
    pub fn of<S: schemars::JsonSchema>() -> Result<Self, ContractError> {
        let settings =
            schemars::generate::SchemaSettings::draft2020_12().with(|with| with.inline_subschemas = true);
        Self::from_schema(settings.into_generator().into_root_schema_for::<S>().to_value())
    }

    /// Reads a JSON Schema (draft 2020-12) of one flat object.
    ///
    /// # Errors
    /// Every part of it that could not be enforced to the letter.
    pub fn from_schema(schema: Value) -> Result<Self, ContractError> {
        let mut errors = schema::errors_of_root(&schema);
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut keys = Vec::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            match Key::from_schema(name, property, required.contains(&name.as_str())) {
                Ok(key) => keys.push(key),
                Err(reasons) => {
                    errors.extend(reasons.into_iter().map(|reason| KeyError { key: name.clone(), reason }));
                }
            }
        }
        errors.extend(equal_names(&schema));
        if errors.is_empty() {
            errors = errors_between(&keys);
        }
        if !errors.is_empty() {
            errors.sort_by(|a, b| a.key.cmp(&b.key));
            return Err(ContractError(errors));
        }
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { schema, keys })
    }

    /// Has `explain` name the wrong parts of a text that the pattern of `key` refuses.
    #[must_use]
    pub fn explained_by(mut self, key: &str, explain: Explain) -> Self {
        for key in self.keys.iter_mut().filter(|known| known.name == key) {
            key.explain = Some(explain);
        }
        self
    }

    /// Replaces the effect that a change of each setting has, for a process in front of the service that delivers all changes in one
    /// way.
    #[must_use]
    pub fn with_effects(mut self, effect: impl Fn(&Key) -> OnChange) -> Self {
        for key in &mut self.keys {
            key.on_change = effect(key);
        }
        self
    }

    /// The JSON Schema (draft 2020-12) of the settings, with `x-…` keywords for rules that it has no words for.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The keys, sorted by name.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The key of that name, if the contract has one.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// Names that differ in case only: variables of Windows and tools around Kubernetes take them for one.
fn equal_names(schema: &Value) -> Vec<KeyError> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    // The order of a JSON object depends on a feature of its crate.
    let names: BTreeSet<_> = properties.map(|(name, _)| name).collect();
    let mut first = BTreeMap::new();
    let mut errors = Vec::new();
    for name in names {
        if let Some(other) = first.insert(name.to_uppercase(), name) {
            errors.push(KeyError { key: name.clone(), reason: format!("differs from {other} in case only") });
        }
    }
    errors
}

/// Rules that name a key which the contract does not have.
fn errors_between(keys: &[Key]) -> Vec<KeyError> {
    let is_known = |name: &str| keys.iter().any(|key| key.name == name);
    let dangling = |key: &Key| {
        let rule = key.required_when.as_ref().filter(|rule| !is_known(&rule.key))?;
        let reason = format!("x-required-when names {}, which is no setting", rule.key);
        Some(KeyError { key: key.name.clone(), reason })
    };
    keys.iter().filter_map(dangling).collect()
}
