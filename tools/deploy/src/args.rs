//! The command line.

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{deploy, drift};

/// Those tasks of `cargo xtask` that this tool carries out.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "xtask", disable_version_flag = true)]
pub struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Compare what Terraform gave, what the release holds and what the replicas run; exits with 2 when they differ, 3 when it
    /// cannot tell
    Drift(drift::Options),
    /// Deploy: Terraform by an approved plan, or Helm with a rollback by itself
    #[command(subcommand)]
    Deploy(deploy::Way),
}

impl Args {
    /// Runs the task.
    ///
    /// # Errors
    /// The first step that fails; an [`Answer`](drift::Answer) where a comparison finds a difference.
    pub fn run(self) -> Result<()> {
        match self.task {
            Task::Drift(options) => drift::run(&options),
            Task::Deploy(way) => deploy::run(&way),
        }
    }
}
