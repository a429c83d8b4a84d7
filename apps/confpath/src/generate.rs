//! The files that follow from a contract, as the description of a repository asks for them.

mod chart;
mod dockerfile;
mod library_chart;
mod readers;
mod source;
mod targets;
mod terraform;
mod workflow;
mod write;

use std::path::Path;

use contract::Contract;
use contract::generate::{document, policy};

use crate::origin::Problem;
use crate::project::Project;
use source::Source;

pub(crate) use dockerfile::REGION as DOCKERFILE_REGION;
pub(crate) use targets::Targets;
pub(crate) use write::{FileState, State, apply, compare};

/// Every file that the description asks for.
///
/// # Errors
/// Every reason why one of them cannot be made.
pub(crate) fn targets(root: &Path, project: &Project, contract: &Contract) -> Result<Targets, Vec<Problem>> {
    let name = project.contract.display().to_string();
    let source = Source { root, project, contract, name };
    let mut targets = Targets::default();
    let mut problems = Vec::new();
    if let Some(path) = &project.document {
        targets.add(path, document::document(contract, &source.name));
    }
    if let Some(path) = &project.policy {
        targets.add(path, policy::policy(contract, &project.service, &source.name));
    }
    if let Some(workflow) = &project.workflow {
        targets.add(&workflow.path, workflow::workflow(workflow, &source));
    }
    for reader in &project.readers {
        targets.add(reader.path(), readers::text(reader, &source));
    }
    if let Some(folder) = &project.chart {
        problems.extend(chart::add(folder, &source, &mut targets).err().unwrap_or_default());
    }
    if let Some(path) = &project.dockerfile {
        problems.extend(dockerfile::add(path, &source, &mut targets).err());
    }
    if let Some(module) = &project.terraform {
        problems.extend(terraform::add(module, &source, &mut targets).err().unwrap_or_default());
    }
    if problems.is_empty() { Ok(targets) } else { Err(problems) }
}
