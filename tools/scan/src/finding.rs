//! Something a tool has found.

use std::fmt;

use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    /// Below the tree's root.
    pub(super) path: String,
    /// From 1; 0 where the tool names no line.
    pub(super) line: u64,
    /// The tool's name of the rule.
    pub(super) rule: String,
    /// One of several findings at this place, in words that stay the same when lines move: the line's own text, a resource, a
    /// digest.
    pub(super) on: String,
    pub(super) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, rule, on, message } = self;
        match line {
            0 => write!(f, "{path}: {rule}")?,
            line => write!(f, "{path}:{line}: {rule}")?,
        }
        write!(f, "\n    {message}")?;
        if on.is_empty() { Ok(()) } else { write!(f, "\n    on: {on}") }
    }
}

/// The text at a JSON pointer, or nothing where there is none.
pub(super) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The number at a JSON pointer, or 0.
pub(super) fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

/// The items of the list at a JSON pointer.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}
