//! The crates that were compiled, and which needs which.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use kit::process::Cmd;
use kit::workspace;
use serde_json::{Value, json};

use super::scope::Scope;
use crate::image::binary::{self, Compiled};
use crate::program::Program;

/// Sources that cargo has from the public registry; a package of the same name elsewhere is another one.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) struct Crates {
    /// The program.
    pub(super) root: Value,
    /// All others, by their ids.
    others: BTreeMap<String, Value>,
    /// Ids of what an id needs.
    needs: BTreeMap<String, Vec<String>>,
    /// Manifests of the crates, by name.
    manifests: BTreeMap<String, String>,
}

/// Describes `compiled` by what cargo knows of each.
pub(super) fn of(program: Program, compiled: &[Compiled]) -> Result<Crates> {
    let query = ["metadata", "--locked", "--format-version=1", "--filter-platform", binary::triple()?];
    let told = Cmd::new("cargo").args(query).directory(workspace::root()).ask()?;
    let metadata = serde_json::from_str(&told).context("cargo metadata is not JSON")?;
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock")).context("no Cargo.lock")?;
    described(program.name(), compiled, &metadata, &checksums(&lock))
}

fn described(
    root: &str,
    compiled: &[Compiled],
    metadata: &Value,
    checksums: &BTreeMap<String, String>,
) -> Result<Crates> {
    let mut places: BTreeMap<&str, Scope> = BTreeMap::new();
    for one in compiled {
        let place = places.entry(&one.id).or_insert(Scope::Build);
        if one.is_linked {
            *place = Scope::Image;
        }
    }
    let mut crates = Crates {
        root: Value::Null,
        others: BTreeMap::new(),
        needs: BTreeMap::new(),
        manifests: BTreeMap::new(),
    };
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let (Some(id), Some(name)) = (package["id"].as_str(), package["name"].as_str()) else { continue };
        let Some(place) = places.get(id) else { continue };
        let component = component(root, package, *place, checksums);
        if let Some(manifest) = package["manifest_path"].as_str() {
            crates.manifests.insert(name.to_owned(), manifest.to_owned());
        }
        if name == root {
            crates.root = component;
        } else {
            crates.others.insert(id.to_owned(), component);
        }
        crates.needs.insert(id.to_owned(), vec![]);
    }
    for node in metadata.pointer("/resolve/nodes").and_then(Value::as_array).into_iter().flatten() {
        let needed: Vec<_> = needed_by(node).filter(|id| places.contains_key(id.as_str())).collect();
        if let Some(needs) = node["id"].as_str().and_then(|id| crates.needs.get_mut(id)) {
            *needs = needed;
        }
    }
    if crates.root.is_null() {
        anyhow::bail!("cargo compiled no {root}");
    }
    Ok(crates)
}

/// Ids of the dependencies of a node that are for more than its tests.
fn needed_by(node: &Value) -> impl Iterator<Item = String> {
    let is_for_tests = |dependency: &Value| {
        dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().all(|kind| kind["kind"] == "dev"))
    };
    let dependencies = node["deps"].as_array().into_iter().flatten();
    dependencies
        .filter(move |dependency| !is_for_tests(dependency))
        .filter_map(|dependency| dependency["pkg"].as_str())
        .map(str::to_owned)
}

fn component(root: &str, package: &Value, place: Scope, checksums: &BTreeMap<String, String>) -> Value {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let named = format!("{}@{}", text("name"), text("version"));
    let is_public = text("source") == REGISTRY;
    let purl = format!("pkg:cargo/{named}");
    let kind = if text("name") == root { "application" } else { "library" };
    let mut component = json!({
        "type": kind,
        // A crate of this workspace has no purl: it would be taken for a public one of the same name.
        "bom-ref": if is_public { &purl } else { &named },
        "name": text("name"),
        "version": text("version"),
        "scope": place.as_str(),
    });
    if is_public {
        component["purl"] = purl.into();
    }
    if let Some(checksum) = checksums.get(&named) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if !text("license").is_empty() {
        // The way to write a choice before cargo took to SPDX.
        component["licenses"] = json!([{ "expression": text("license").replace('/', " OR ") }]);
    }
    component
}

/// Returns the checksums of the registry's archives, by `name@version`.
fn checksums(lock: &str) -> BTreeMap<String, String> {
    let field = |block: &str, key: &str| {
        let prefix = format!("{key} = \"");
        let found = block.lines().find_map(|line| line.strip_prefix(&prefix)?.strip_suffix('"'));
        found.map(str::to_owned)
    };
    let blocks = lock.split("[[package]]").skip(1);
    let entry = |block: &str| {
        let named = format!("{}@{}", field(block, "name")?, field(block, "version")?);
        Some((named, field(block, "checksum")?))
    };
    blocks.filter_map(entry).collect()
}

impl Crates {
    pub(super) fn components(&self) -> impl Iterator<Item = &Value> {
        self.others.values()
    }

    /// By the references of components.
    pub(super) fn dependencies(&self) -> BTreeMap<&str, Vec<&str>> {
        let reference = |id: &String| {
            let component = self.others.get(id).unwrap_or(&self.root);
            component["bom-ref"].as_str().unwrap_or_default()
        };
        self.needs.iter().map(|(id, needs)| (reference(id), needs.iter().map(reference).collect())).collect()
    }

    /// The folder with the sources of a crate that was compiled.
    pub(super) fn sources_of(&self, name: &str) -> Option<&std::path::Path> {
        std::path::Path::new(self.manifests.get(name)?).parent()
    }
}

#[cfg(test)]
pub(super) fn of_two_crates() -> Crates {
    let component = |reference: &str, name: &str| json!({ "bom-ref": reference, "name": name });
    Crates {
        root: component("myapp@1.2.3", "myapp"),
        others: [("s".into(), component("pkg:cargo/serde@1.2.3", "serde"))].into(),
        needs: [("m".into(), vec!["s".into()]), ("s".into(), vec![])].into(),
        manifests: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> Value {
        let package = |name: &str, source: Option<&str>, license: &str| {
            json!({ "id": format!("id of {name}"), "name": name, "version": "1.2.3", "source": source, "license": license,
                    "manifest_path": format!("/crates/{name}/Cargo.toml") })
        };
        let needs = |name: &str, kind: Value| json!({ "pkg": format!("id of {name}"), "dep_kinds": [{ "kind": kind }] });
        json!({
            "packages": [
                package("myapp", None, "Apache-2.0"),
                package("chassis", None, "Apache-2.0"),
                package("serde", Some(REGISTRY), "MIT/Apache-2.0"),
                package("syn", Some(REGISTRY), "MIT"),
                package("insta", Some(REGISTRY), "MIT"),
            ],
            "resolve": { "nodes": [
                { "id": "id of myapp", "deps": [
                    needs("chassis", Value::Null), needs("serde", Value::Null), needs("insta", "dev".into()), needs("syn", "dev".into()),
                ] },
                { "id": "id of serde", "deps": [needs("syn", Value::Null)] },
            ] },
        })
    }

    fn crates() -> Crates {
        let compiled = |name: &str, is_linked| Compiled { id: format!("id of {name}"), is_linked };
        // A build script comes first, and the crate itself later.
        let all = [
            compiled("serde", false),
            compiled("serde", true),
            compiled("syn", false),
            compiled("myapp", true),
            compiled("chassis", true),
        ];
        let lock = "version = 4\n\n[[package]]\nname = \"serde\"\nversion = \"1.2.3\"\nchecksum = \"abc\"\n";
        described("myapp", &all, &metadata(), &checksums(lock)).unwrap()
    }

    #[test]
    fn only_compiled_crates_are_listed() {
        let crates = crates();
        let listed: Vec<_> = crates
            .components()
            .map(|one| (one["name"].as_str().unwrap(), one["scope"].as_str().unwrap()))
            .collect();
        assert_eq!(listed, [("chassis", "required"), ("serde", "required"), ("syn", "excluded")]);
        assert_eq!(crates.root["type"], "application");
    }

    #[test]
    fn only_public_crates_have_address_and_checksum() {
        let crates = crates();
        assert_eq!(
            crates.others["id of serde"],
            json!({
                "type": "library", "bom-ref": "pkg:cargo/serde@1.2.3", "name": "serde", "version": "1.2.3", "scope": "required",
                "purl": "pkg:cargo/serde@1.2.3", "hashes": [{ "alg": "SHA-256", "content": "abc" }],
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            })
        );
        assert!(crates.others["id of chassis"].get("purl").is_none());
    }

    #[test]
    fn the_graph_leaves_out_what_only_tests_need() {
        let expected = BTreeMap::from([
            ("myapp@1.2.3", vec!["chassis@1.2.3", "pkg:cargo/serde@1.2.3"]),
            ("chassis@1.2.3", vec![]),
            ("pkg:cargo/serde@1.2.3", vec!["pkg:cargo/syn@1.2.3"]),
            ("pkg:cargo/syn@1.2.3", vec![]),
        ]);
        assert_eq!(crates().dependencies(), expected);
    }
}
