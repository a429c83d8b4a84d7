//! Files generated from the settings contract and the workspace's version: data in, text out.
//!
//! The contract is what `myapp schema` prints, so the service is the one place where settings are declared.

mod chart_contract;
mod config_doc;
mod merge;
mod terraform;
mod values_schema;

use std::fs;

use anyhow::{Context as _, Result, bail};
use contract::Contract;
use kit::process::Cmd;
use kit::{ui, version, workspace};
use serde_json::Value;

/// The general part of the values schema, and the service's own.
const BASES: [&str; 2] = ["charts/confpath/schema/base.json", "charts/myapp/schema/base.json"];
/// Hand-written, with generated regions.
const TERRAFORM: [&str; 2] = ["terraform/modules/myapp/input.tf", "terraform/modules/myapp/myapp.tf"];

/// Writes every generated file, or only says which ones differ.
///
/// # Errors
/// The service does not build, a file cannot be read or written, or (with `check`) any differs.
pub(crate) fn run(check: bool) -> Result<()> {
    let printed = Cmd::new("cargo")
        .args(["run", "--quiet", "--package", "myapp", "--", "schema"])
        .directory(workspace::root())
        .run()?;
    let schema = serde_json::from_str(&printed).context("`myapp schema` printed no JSON")?;
    let contract = Contract::from_schema(schema)?;
    let [general, own] =
        BASES.map(|path| serde_json::from_str(&read(path)?).with_context(|| format!("{path} is no JSON")));
    let base = merge::merge(general?, own?);

    let terraform = TERRAFORM.map(read).into_iter().collect::<Result<Vec<_>>>()?;

    let mut stale = Vec::new();
    let versioned = version::stamped(workspace::VERSION)?;
    for (path, text) in generate(&contract, &base, &terraform)?.into_iter().chain(versioned) {
        if read(path).is_ok_and(|present| present == text) {
            continue;
        }
        stale.push(path);
        if !check {
            fs::write(workspace::root().join(path), text).with_context(|| format!("cannot write {path}"))?;
            ui::say(format!("wrote {path}"));
        }
    }
    if check && !stale.is_empty() {
        bail!("not what `cargo xtask codegen` writes: {}", stale.join(", "));
    }
    Ok(())
}

/// Every generated file: its path in the checkout, and its text.
fn generate(contract: &Contract, base: &Value, terraform: &[String]) -> Result<Vec<(&'static str, String)>> {
    let mut files = vec![
        ("charts/myapp/values.schema.json", json(&values_schema::values_schema(contract, base)?)),
        ("charts/myapp/files/contract.json", json(&chart_contract::chart_contract(contract)?)),
        ("docs/config.md", config_doc::config_doc(contract)?),
    ];
    let unmarked = terraform::unmarked(contract, terraform);
    if !unmarked.is_empty() {
        bail!("no region in {} for {}", TERRAFORM.join(" or "), unmarked.join(", "));
    }
    for (path, source) in TERRAFORM.into_iter().zip(terraform) {
        files.push((path, terraform::fill_regions(contract, source)?));
    }
    Ok(files)
}

fn json(document: &Value) -> String {
    format!("{document:#}\n")
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(workspace::root().join(path)).with_context(|| format!("cannot read {path}"))
}
