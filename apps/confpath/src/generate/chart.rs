//! A service's chart: its contract, the schema of its values, their list of settings, and the library chart inside of it.

use std::path::Path;

use contract::generate::{chart, values_schema};
use serde_json::Value;

use super::library_chart;
use super::source::Source;
use super::targets::Targets;
use crate::origin::Problem;

/// The region of `values.yaml` that lists the settings.
const SETTINGS: &str = "settings";

/// The schema of the service's own values, which is written by hand.
const OWN_SCHEMA: &str = "schema/base.json";

/// The description of the service for the templates, which is written by hand.
const SERVICE: &str = "files/service.json";

/// The contract itself, by which the agent checks.
const AGENT_CONTRACT: &str = "files/agent-contract.json";

pub(super) fn add(folder: &Path, source: &Source<'_>, targets: &mut Targets) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    targets.add(folder.join("files/contract.json"), chart::rules(source.contract, &source.project.service));
    match json(&folder.join(OWN_SCHEMA), source) {
        Ok(own) => {
            let parts: Vec<_> = [library_chart::schema()].into_iter().flatten().chain(own).collect();
            let schema = values_schema::values_schema(source.contract, &parts);
            targets.add(folder.join("values.schema.json"), schema);
        }
        Err(problem) => problems.push(problem),
    }
    match values(folder, source) {
        Ok(text) => targets.add(folder.join("values.yaml"), text),
        Err(problem) => problems.push(problem),
    }
    match agent_contract(folder, source) {
        Ok(text) => text.into_iter().for_each(|text| targets.add(folder.join(AGENT_CONTRACT), text)),
        Err(problem) => problems.push(problem),
    }
    let library = folder.join("charts/confpath");
    for (name, text) in library_chart::FILES {
        targets.add(library.join(name), (*text).to_owned());
    }
    targets.owned_folders.push(library);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn json(path: &Path, source: &Source<'_>) -> Result<Option<Value>, Problem> {
    let Some(text) = source.read(path)? else { return Ok(None) };
    let no_json = |error| Problem::of_file(&source.root.join(path), format!("is no JSON: {error}"));
    serde_json::from_str(&text).map(Some).map_err(no_json)
}

/// The text of the contract for a chart that can run the agent; the templates have no need of it.
fn agent_contract(folder: &Path, source: &Source<'_>) -> Result<Option<String>, Problem> {
    let Some(service) = json(&folder.join(SERVICE), source)? else { return Ok(None) };
    if service.get("agent").is_none() {
        return Ok(None);
    }
    source.read(&source.project.contract)
}

fn values(folder: &Path, source: &Source<'_>) -> Result<String, Problem> {
    let path = folder.join("values.yaml");
    let Some(text) = source.read(&path)? else {
        return Err(Problem::of_file(&source.root.join(&path), "is missing: `confpath init` makes a chart"));
    };
    source.filled(&path, &text, SETTINGS, &chart::values(source.contract))
}
