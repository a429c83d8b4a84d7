//! The command line.

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The task of `cargo xtask` that this tool carries out.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "xtask", disable_version_flag = true)]
pub struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Look for holes: in our code, in what it depends on, in the history, the image, the policies and the workflows; exits
    /// with 2 when tools are missing
    Scan(crate::Options),
}

impl Args {
    /// Runs the task.
    ///
    /// # Errors
    /// Findings that nothing explains, tools that are missing or that fail.
    pub fn run(self) -> Result<()> {
        let Task::Scan(options) = self.task;
        crate::run(&options)
    }
}
