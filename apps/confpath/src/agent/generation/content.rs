//! The document of a generation: all settings with their types.

use std::collections::BTreeMap;
use std::io;

use contract::{Contract, Value};
use live_config::{Effective, Secret};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// Every setting in force, by its key.
pub(crate) type Values = BTreeMap<String, Effective>;

/// All settings with their types, as one JSON object. A secret, since it holds secrets.
///
/// # Errors
/// None in practice: every value can be written.
pub(super) fn config_json(contract: &Contract, values: &Values) -> io::Result<Secret> {
    let document = Document { contract, values };
    Ok(Secret::from(serde_json::to_string(&document)?))
}

struct Document<'a> {
    contract: &'a Contract,
    values: &'a Values,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, effective) in self.values {
            let value = self.contract.key(name).and_then(|key| key.value(effective.text.expose()));
            if let Some(value) = value {
                map.serialize_entry(name, &Typed(&value))?;
            }
        }
        map.end()
    }
}

struct Typed<'a, 'v>(&'a Value<'v>);

impl Serialize for Typed<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Integer(number) => serializer.serialize_i128(*number),
            Value::Number(number) => serializer.serialize_f64(*number),
            Value::Boolean(switch) => serializer.serialize_bool(*switch),
            Value::List(items) => serializer.collect_seq(items.iter().map(Typed)),
        }
    }
}
