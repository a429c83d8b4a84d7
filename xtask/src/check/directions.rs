//! Allowed directions between the crates of the workspace.

use serde_json::Value;

/// Crates of this workspace that a crate may name. One that is not listed may name any.
const DIRECTIONS: [(&str, &[&str]); 18] = [
    ("bench", &["kit", "release", "test-support"]),
    ("bench-programs", &[]),
    ("chassis", &["test-support"]),
    ("cluster", &["kit", "own-cluster", "release"]),
    ("conformance", &["contract", "live-config", "test-support"]),
    ("confpath", &["chassis", "contract", "fleet", "live-config", "test-support"]),
    ("contract", &[]),
    ("e2e", &["test-support"]),
    ("fleet", &["live-config"]),
    ("kit", &[]),
    ("live-config", &["contract", "test-support"]),
    ("manual", &["confpath", "myapp"]),
    ("myapp", &["chassis", "fleet", "live-config", "test-support"]),
    ("own-cluster", &["kit"]),
    ("release", &["kit"]),
    ("scan", &["kit", "release"]),
    ("test-support", &[]),
    ("xtask", &["bench", "cluster", "confpath", "kit", "release", "scan"]),
];

/// Helpers for tests, and the crates that may depend on them in tests only.
const TEST_SUPPORT: (&str, &[&str]) =
    ("test-support", &["chassis", "conformance", "confpath", "live-config", "myapp"]);

/// Complaints about dependencies that [`DIRECTIONS`] and [`TEST_SUPPORT`] do not allow.
pub(super) fn wrong_directions(metadata: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let Some((name, allowed)) = DIRECTIONS.iter().find(|(name, _)| package["name"] == *name) else {
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let named = dependency["name"].as_str().unwrap_or_default();
            if dependency["path"].is_string() && !allowed.contains(&named) {
                complaints.push(format!("{name} may not depend on {named}"));
            }
            let (helpers, ships) = TEST_SUPPORT;
            if named == helpers && ships.contains(name) && dependency["kind"] != "dev" {
                complaints.push(format!("{name} may depend on {named} in tests only"));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn library_depends_on_no_workspace_crate() {
        let package = |name: &str, dependency: &str| json!({ "packages": [{ "name": name, "dependencies": [{ "name": dependency, "path": "x" }] }] });
        assert_eq!(wrong_directions(&package("chassis", "myapp")), ["chassis may not depend on myapp"]);
        assert!(wrong_directions(&package("myapp", "chassis")).is_empty());
        assert_eq!(wrong_directions(&package("e2e", "chassis")), ["e2e may not depend on chassis"]);
        assert!(wrong_directions(&package("other", "chassis")).is_empty());
    }

    #[test]
    fn helpers_for_tests_do_not_ship() {
        let package = |name: &str, kind: Value| json!({ "packages": [{ "name": name, "dependencies": [{ "name": "test-support", "path": "x", "kind": kind }] }] });
        let complaint = "chassis may depend on test-support in tests only";
        assert_eq!(wrong_directions(&package("chassis", Value::Null)), [complaint]);
        assert!(wrong_directions(&package("chassis", json!("dev"))).is_empty());
        assert!(wrong_directions(&package("e2e", Value::Null)).is_empty());
    }
}
