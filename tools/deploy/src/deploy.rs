//! The task `deploy`: the two ways to production. `plan` and `apply` are Terraform with a person's approval between them; `helm` is one
//! step that takes itself back when it fails.
//!
//! Unlike other tasks they may be pointed at any cluster, which they have to be told. Secrets come in by the environment, or from a command
//! that prints them, and go to Terraform's inputs or into a Secret; no line that is printed here holds one.

mod apply;
mod changes;
mod environment;
mod helm;
mod plan;
mod plan_key;
mod report;
mod root;
mod saved;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Way {
    /// Terraform: plan, save the plan, and show what it would do and the checksum to approve
    Plan(plan::Options),
    /// Terraform: apply a saved plan, and only the one whose checksum was approved
    Apply(apply::Options),
    /// Helm: install or upgrade by digest, prove it on every replica, and take it back when that fails
    Helm(helm::Options),
}

/// # Errors
/// Says what failed, and what is in force now.
pub(crate) fn run(way: &Way) -> Result<()> {
    match way {
        Way::Plan(options) => plan::run(options),
        Way::Apply(options) => apply::run(options),
        Way::Helm(options) => helm::run(options),
    }
}
