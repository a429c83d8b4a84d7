//! The command line.

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::What;

/// The task of `cargo xtask` that this tool carries out.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "xtask", disable_version_flag = true)]
pub struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure the service
    Bench {
        what: What,
        /// Install tools that are missing
        #[arg(long)]
        install: bool,
        #[command(flatten, next_help_heading = "Options of `http`")]
        http: crate::http::Options,
    },
}

impl Args {
    /// Runs the task.
    ///
    /// # Errors
    /// The first step that fails.
    pub fn run(self) -> Result<()> {
        let Task::Bench { what, install, http } = self.task;
        crate::run(what, install, &http)
    }
}
