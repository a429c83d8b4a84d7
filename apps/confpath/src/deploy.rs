//! `deploy`: the two ways to production. `plan` and `apply` are Terraform with a person's approval between them; `helm` is one step that
//! takes itself back when it fails.
//!
//! They may be pointed at any cluster, which they have to be told. Secrets come in by the environment, or from a command that prints
//! them, and go to Terraform's inputs or into a Secret; no line that is printed here holds one.

mod apply;
mod changes;
mod environment;
mod helm;
mod plan;
mod plan_key;
mod report;
mod rollout;
mod root;
mod saved;

use anyhow::Result;

use crate::args::DeployCommand;
use crate::drift::Verdict;

/// Deploys; returns the verdict on what runs afterwards where that is compared.
///
/// # Errors
/// Says what failed, and what is in force now.
pub(crate) fn run(command: &DeployCommand) -> Result<Verdict> {
    match command {
        DeployCommand::Plan(args) => plan::run(args)?,
        DeployCommand::Apply(args) => return apply::run(args),
        DeployCommand::Helm(args) => helm::run(args)?,
        DeployCommand::Wait(args) => rollout::run(args)?,
    }
    Ok(Verdict::Same)
}
