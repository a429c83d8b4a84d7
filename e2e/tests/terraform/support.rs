//! Test files for Terraform, in its JSON syntax.

use e2e::terraform::literal;
use serde_json::{Map, Value, json};

/// The inputs that the module must have, as good ones.
pub(crate) fn required() -> Map<String, Value> {
    [("name".to_owned(), literal("shop")), ("secret_key".to_owned(), literal("xyz"))].into_iter().collect()
}

/// A test file with these runs, in the order of their names.
pub(crate) fn test_file(runs: &Map<String, Value>) -> Value {
    json!({ "mock_provider": { "helm": {}, "kubernetes": {} }, "run": runs })
}

/// A run that plans with these inputs, and fails where `refused` is not empty and anything but those objects accepts them.
pub(crate) fn plan(variables: &Map<String, Value>, refused: &[&str]) -> Value {
    let mut run = json!({ "command": "plan", "variables": variables });
    if !refused.is_empty() {
        run["expect_failures"] = json!(refused);
    }
    run
}
