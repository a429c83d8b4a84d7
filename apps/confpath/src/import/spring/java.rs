//! Types of Java in keywords of a contract.

use serde_json::{Value, json};

/// A size of data as Spring reads it (`org.springframework.util.unit.DataSize`).
const DATA_SIZE: &str = "^(?:[+-]?[0-9]+(?:B|KB|MB|GB|TB)?)$";

/// The keywords of a type; `values` are the hint's. `None` for one that a contract does not have.
pub(super) fn keywords_of(name: &str, values: &[String]) -> Option<Value> {
    if let Some(items) = items_of(name) {
        let items = keywords_of(items, values).filter(|items| items["type"] != "array")?;
        return Some(json!({ "type": "array", "items": items }));
    }
    let integer = |format: &str| json!({ "type": "integer", "format": format });
    Some(match name {
        "java.lang.Byte" | "byte" => integer("int8"),
        "java.lang.Short" | "short" => integer("int16"),
        "java.lang.Integer" | "int" => integer("int32"),
        "java.lang.Long" | "long" => integer("int64"),
        "java.math.BigInteger" => json!({ "type": "integer" }),
        "java.lang.Float" | "float" => json!({ "type": "number", "format": "float" }),
        "java.lang.Double" | "double" => json!({ "type": "number", "format": "double" }),
        "java.math.BigDecimal" => json!({ "type": "number" }),
        "java.lang.Boolean" | "boolean" => json!({ "type": "boolean" }),
        "java.lang.String" | "java.lang.CharSequence" => json!({ "type": "string" }),
        "java.lang.Character" | "char" => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        "java.time.Duration" => json!({ "type": "string", "format": "duration-text" }),
        "java.net.URI" | "java.net.URL" => json!({ "type": "string", "format": "uri" }),
        "org.springframework.util.unit.DataSize" => {
            json!({ "type": "string", "pattern": DATA_SIZE, "x-expected": "a size such as 512KB or 10MB" })
        }
        other if !values.is_empty() && is_own(other) => json!({ "type": "string", "enum": values }),
        _ => return None,
    })
}

/// Advice on a type that a contract does not have, of the property at `pointer`.
pub(super) fn remedy(name: &str, pointer: &str) -> String {
    let as_text = format!("take any text with --drop {pointer}/type");
    let without = format!("leave it out with --drop {pointer}");
    if name.is_empty() {
        format!("is missing: give it in additional-spring-configuration-metadata.json, or {as_text}")
    } else if is_map(name) {
        format!("is a map, and settings are flat: make each entry a property of its own, or {without}")
    } else if items_of(name).is_some() {
        format!("is a list of what is no setting: make it a list of texts or numbers, or {without}")
    } else {
        format!("is none of a contract's: if it is an enum, list its values as hints, else {as_text}")
    }
}

/// The type of the items of a list, set or array.
fn items_of(name: &str) -> Option<&str> {
    const LISTS: [&str; 3] = ["java.util.List<", "java.util.Set<", "java.util.Collection<"];
    let generic = LISTS.iter().find_map(|list| name.strip_prefix(list)?.strip_suffix('>'));
    generic.or_else(|| name.strip_suffix("[]"))
}

fn is_map(name: &str) -> bool {
    ["java.util.Map", "java.util.Properties"].iter().any(|map| name.starts_with(map))
}

/// Returns true for a type that may be an enum.
fn is_own(name: &str) -> bool {
    !is_map(name) && !name.contains('<')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::keywords_of;

    #[test]
    fn lists_have_the_type_of_their_items() {
        let numbers = json!({ "type": "array", "items": { "type": "integer", "format": "int32" } });
        for name in ["java.util.List<java.lang.Integer>", "java.util.Set<java.lang.Integer>", "int[]"] {
            assert_eq!(keywords_of(name, &[]), Some(numbers.clone()), "{name}");
        }
        let nested = "java.util.List<java.util.List<java.lang.String>>";
        for name in [nested, "java.util.List<com.acme.Server>", "int[][]"] {
            assert_eq!(keywords_of(name, &[]), None, "{name}");
        }
    }

    #[test]
    fn only_hinted_types_are_choices() {
        let values = ["fast".to_owned(), "safe".to_owned()];
        let choice = json!({ "type": "string", "enum": values });
        assert_eq!(keywords_of("com.acme.Shop$Mode", &values), Some(choice));
        assert_eq!(keywords_of("com.acme.Shop$Mode", &[]), None);
        assert_eq!(keywords_of("java.util.Map<java.lang.String,java.lang.String>", &values), None);
        assert_eq!(keywords_of("java.lang.String", &values), Some(json!({ "type": "string" })));
    }
}
