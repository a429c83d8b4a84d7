//! The structure of the workspace's crates: dependencies between them, no circle of imports between files, and
//! every import points down.

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::Value;

use super::imports::{self, Imports};
use super::layers::{self, CRATES};
use super::modules::Crate;
use super::{directions, metadata};
use kit::workspace;

pub(super) fn run() -> Result<()> {
    let metadata = metadata::query()?;
    let crates = crates(&metadata)?;
    let imports = relative(imports::between_files(&crates), workspace::root());
    let mut complaints = directions::wrong_directions(&metadata);
    complaints.extend(circles(&imports));
    for (folder, order) in CRATES {
        complaints.extend(layers::upward_imports(folder, order, &imports));
    }
    if complaints.is_empty() { Ok(()) } else { bail!("structure:\n  {}", complaints.join("\n  ")) }
}

/// Each circle, with the names that tie it.
fn circles(imports: &Imports) -> Vec<String> {
    let mut complaints = Vec::new();
    for circle in imports::cycles(imports) {
        complaints.push(format!("{} files import each other in a circle:", circle.len()));
        for (file, others) in imports.iter().filter(|(file, _)| circle.contains(file.as_path())) {
            for (other, names) in others.iter().filter(|(other, _)| circle.contains(other.as_path())) {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                let (file, other) = (file.display(), other.display());
                complaints.push(format!("  {file} -> {other}: {}", names.join(", ")));
            }
        }
    }
    complaints
}

fn relative(imports: Imports, root: &Path) -> Imports {
    let short = |file: &Path| file.strip_prefix(root).unwrap_or(file).to_owned();
    imports
        .into_iter()
        .map(|(file, others)| {
            (short(&file), others.into_iter().map(|(other, names)| (short(&other), names)).collect())
        })
        .collect()
}

fn crates(metadata: &Value) -> Result<Vec<Crate>> {
    let mut crates = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            let kind = target["kind"][0].as_str().unwrap_or_default();
            if let (true, Some(name), Some(root)) =
                (["lib", "bin"].contains(&kind), target["name"].as_str(), target["src_path"].as_str())
            {
                crates.push(Crate::read(name, root.as_ref())?);
            }
        }
    }
    Ok(crates)
}
