//! The command line.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{image, release};

/// Those tasks of `cargo xtask` that this tool carries out.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "xtask", disable_version_flag = true)]
pub struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the container image with buildah, podman or Docker, and print its size
    Image {
        /// Also write the image to this file, as `docker save` does
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Build no image, only lay out in this folder what it is made of: for the Dockerfile's build stage
        #[arg(long, value_name = "DIR", conflicts_with = "output")]
        stage: Option<PathBuf>,
        #[command(flatten)]
        options: image::Options,
    },
    /// Make a release: version, artifacts, proof that they are reproducible, registry
    #[command(subcommand)]
    Release(release::Step),
}

impl Args {
    /// Runs the task.
    ///
    /// # Errors
    /// The first step that fails.
    pub fn run(self) -> Result<()> {
        match self.task {
            Task::Image { stage: Some(folder), .. } => image::stage(&folder),
            Task::Image { output, options, .. } => image::run(output.as_deref(), &options),
            Task::Release(step) => step.run(),
        }
    }
}
