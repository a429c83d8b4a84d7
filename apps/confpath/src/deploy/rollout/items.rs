//! Lists in Kubernetes objects.

use serde_json::Value;

/// The elements of the list at a JSON pointer; none where there is no list.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}
