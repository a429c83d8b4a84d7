//! The structure of the workspace's crates: no circle of imports between files, and each direction between modules allowed.

use anyhow::{Result, bail};
use serde_json::Value;

use super::modules::Crate;
use super::{imports, metadata};
use crate::workspace;

pub(super) fn run() -> Result<()> {
    let crates = crates(&metadata::query()?)?;
    let imports = imports::between_files(&crates);
    let root = workspace::root();
    let short = |file: &std::path::Path| file.strip_prefix(root).unwrap_or(file).display().to_string();
    let mut complaints = Vec::new();
    for circle in imports::cycles(&imports) {
        complaints.push(format!("{} files import each other in a circle:", circle.len()));
        for (file, others) in imports.iter().filter(|(file, _)| circle.contains(file.as_path())) {
            for (other, names) in others.iter().filter(|(other, _)| circle.contains(other.as_path())) {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                complaints.push(format!("  {} -> {}: {}", short(file), short(other), names.join(", ")));
            }
        }
    }
    if complaints.is_empty() { Ok(()) } else { bail!("structure:\n  {}", complaints.join("\n  ")) }
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
