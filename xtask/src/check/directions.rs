//! Allowed directions between the crates of the workspace.

use serde_json::Value;

/// Crates of this workspace that a crate may name. One that is not listed may name any.
const DIRECTIONS: [(&str, &[&str]); 17] = [
    ("bench", &["kit", "release"]),
    ("bench-programs", &[]),
    ("chassis", &["strict-clients"]),
    ("cluster", &["deploy", "kit", "own-cluster", "release"]),
    ("confpath", &["contract", "live-config"]),
    ("contract", &[]),
    ("deploy", &["kit"]),
    ("e2e", &["strict-clients", "test-postgres"]),
    ("kit", &[]),
    ("live-config", &["contract"]),
    ("myapp", &["chassis", "live-config", "test-postgres"]),
    ("own-cluster", &["kit"]),
    ("release", &["kit"]),
    ("scan", &["kit", "release"]),
    ("strict-clients", &[]),
    ("test-postgres", &[]),
    ("xtask", &["bench", "cluster", "contract", "deploy", "kit", "release", "scan"]),
];

/// Complaints about dependencies that [`DIRECTIONS`] does not allow.
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
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_library_may_not_name_a_crate_of_the_workspace() {
        let package = |name: &str, dependency: &str| json!({ "packages": [{ "name": name, "dependencies": [{ "name": dependency, "path": "x" }] }] });
        assert_eq!(wrong_directions(&package("chassis", "myapp")), ["chassis may not depend on myapp"]);
        assert!(wrong_directions(&package("myapp", "chassis")).is_empty());
        assert_eq!(wrong_directions(&package("e2e", "chassis")), ["e2e may not depend on chassis"]);
        assert!(wrong_directions(&package("other", "chassis")).is_empty());
    }
}
