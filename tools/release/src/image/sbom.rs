//! The components of the image and of its build, as a CycloneDX 1.5 document: the same bytes for the same facts.
//!
//! It is made from what cargo told of its build and not from `Cargo.lock` alone, which also lists what only tests use; scanners
//! that look into images find it by its name. The binary itself carries no list: it would tell less, and of the crates alone.

mod crates;
mod scope;
mod system;

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::binary;
use super::commit::Commit;
use crate::program::Program;

/// The document about the image of `program`, whose binary was built last, as text.
///
/// # Errors
/// The build fails, or cargo or the compiler does not answer.
pub(super) fn sbom(program: Program, commit: Option<&Commit>) -> Result<Vec<u8>> {
    let crates = crates::of(program, &binary::compiled(program)?)?;
    let system = system::components(program, &crates)?;
    let document = document(&crates, &system, &system::compiler()?, commit);
    Ok(format!("{document}\n").into_bytes())
}

fn document(crates: &crates::Crates, system: &[Value], compiler: &Value, commit: Option<&Commit>) -> Value {
    let mut metadata = json!({
        "lifecycles": [{ "phase": "build" }],
        "tools": { "components": [compiler] },
        "component": crates.root,
    });
    if let Some(commit) = commit {
        metadata["timestamp"] = commit.time.clone().into();
    }
    // What is linked in beside the crates is needed by the program as a whole.
    let mut dependencies: BTreeMap<&str, Vec<&str>> = crates.dependencies();
    let root = crates.root["bom-ref"].as_str().unwrap_or_default();
    let references = system.iter().filter_map(|component| component["bom-ref"].as_str());
    dependencies.entry(root).or_default().extend(references);
    let dependencies: Vec<Value> = dependencies
        .into_iter()
        .map(|(reference, needs)| json!({ "ref": reference, "dependsOn": needs }))
        .collect();
    let components: Vec<&Value> = crates.components().chain(system).collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": metadata,
        "components": components,
        "dependencies": dependencies,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_lists_dependencies_beside_crates() {
        let crates = crates::of_two_crates();
        let system = [json!({ "bom-ref": "sqlite", "name": "sqlite" })];
        let commit =
            Commit { id: "c".into(), seconds: 0, time: "1970-01-01T00:00:00Z".into(), modified: false };
        let written = || document(&crates, &system, &json!({ "name": "rustc" }), Some(&commit));
        let document = written();
        assert_eq!(document["metadata"]["component"]["name"], "myapp");
        assert_eq!(document["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
        let names: Vec<_> =
            document["components"].as_array().into_iter().flatten().map(|one| one["name"].as_str()).collect();
        assert_eq!(names, [Some("serde"), Some("sqlite")]);
        let needs = document["dependencies"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["ref"] == "myapp@1.2.3"));
        assert_eq!(needs.map(|one| &one["dependsOn"]), Some(&json!(["pkg:cargo/serde@1.2.3", "sqlite"])));
        assert_eq!(written().to_string(), document.to_string());
    }
}
