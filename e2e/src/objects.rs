//! Finding one's way in rendered Kubernetes objects.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// `Kind/name`, for messages and comparisons.
pub fn identity(object: &Value) -> String {
    format!("{}/{}", text(object, "/kind"), text(object, "/metadata/name"))
}

/// The objects of one kind, in order.
pub fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| text(object, "/kind") == kind).collect()
}

/// The object of a kind and name, if there is one.
pub fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> Option<&'a Value> {
    of_kind(objects, kind).into_iter().find(|object| text(object, "/metadata/name") == name)
}

/// The text at a JSON pointer; empty where there is none.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of the array at a JSON pointer; empty where there is none.
pub fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The raw bytes of one key of a ConfigMap (`data`) or Secret (base64 `data`); `None` where the key is missing or not readable.
pub fn data(object: &Value, key: &str) -> Option<Vec<u8>> {
    let value = object.get("data")?.get(key)?.as_str()?;
    match text(object, "/kind") {
        "Secret" => STANDARD.decode(value).ok(),
        _ => Some(value.as_bytes().to_vec()),
    }
}

/// The keys of a ConfigMap or Secret, sorted.
pub fn data_keys(object: &Value) -> Vec<&str> {
    object
        .get("data")
        .and_then(Value::as_object)
        .map(|data| data.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

/// Returns true if `marker` occurs in the object, in plain text or base64-encoded at any offset within a larger value.
pub fn contains_secret(object: &Value, marker: &str) -> bool {
    text_contains_secret(&object.to_string(), marker)
}

/// The same as [`contains_secret`], for text.
pub fn text_contains_secret(haystack: &str, marker: &str) -> bool {
    let encodings = (0..3).map(|offset| base64_within(marker, offset));
    haystack.contains(marker) || encodings.into_iter().any(|encoded| haystack.contains(&encoded))
}

/// The characters of the base64 form of `marker` that do not depend on its neighbours, when `offset` bytes (modulo 3) precede it.
fn base64_within(marker: &str, offset: usize) -> String {
    let padded = [vec![0; offset], marker.as_bytes().to_vec()].concat();
    let whole_groups = padded.len() / 3 * 4;
    let first = if offset == 0 { 0 } else { 4 };
    STANDARD.encode(&padded).chars().take(whole_groups).skip(first).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marker_is_found_raw_and_at_base64_offsets() {
        for prefix in ["", "a", "ab", "abc"] {
            let value = format!("{prefix}MARKED-SECRET-VALUE{prefix}");
            assert!(contains_secret(&json!({"data": value}), "MARKED-SECRET-VALUE"), "raw after {prefix:?}");
            let encoded = STANDARD.encode(&value);
            assert!(
                contains_secret(&json!({"data": encoded}), "MARKED-SECRET-VALUE"),
                "encoded after {prefix:?}"
            );
        }
        assert!(!contains_secret(
            &json!({"data": STANDARD.encode("something else entirely")}),
            "MARKED-SECRET-VALUE"
        ));
    }
}
