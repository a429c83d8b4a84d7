//! The command line.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use kit::cluster::Choice;
use kit::tools;

use crate::test::{Extent, Tier};
use crate::tool::Tool;
use crate::{check, codegen, door, picture, test};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "The project's tasks",
    disable_version_flag = true,
    disable_help_subcommand = true
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Build the image, install the chart on a Kubernetes and show what the service answers
    #[command(disable_help_flag = true)]
    Up(Words),
    /// Remove what `up` has made; the project's own cluster goes whole
    #[command(disable_help_flag = true)]
    Down(Words),
    /// Run tests by tier (all of them by default) and end with a summary
    Test {
        tiers: Vec<Tier>,
        /// Install tools that are missing
        #[arg(long)]
        install: bool,
        /// Which cluster the cluster tier uses: the current context if it is minikube or kind, or the project's own
        #[arg(long)]
        cluster: Option<Choice>,
        /// How much of AWS the terraform tier applies to the fake
        #[arg(long, value_name = "EXTENT", default_value = "short")]
        aws: Extent,
    },
    /// Check formatting, lints, generated files and the rules of ARCHITECTURE.md
    Check,
    /// Write the files that are generated from the settings contract
    Codegen {
        /// Only compare, and fail when a file differs
        #[arg(long)]
        check: bool,
    },
    /// Compare what Terraform gave, what the release holds and what the replicas run, by `confpath drift`; exits with 2 when they
    /// differ, 3 when it cannot tell. `--cluster own` is the project's own cluster
    #[command(disable_help_flag = true)]
    Drift(Words),
    /// Look for holes: in our code, in what it depends on, in the history, the image, the policies and the workflows; exits
    /// with 2 when tools are missing
    #[command(disable_help_flag = true)]
    Scan(Words),
    /// Deploy by `confpath deploy`: Terraform by an approved plan, or Helm with a rollback by itself. `--install` installs tools that are
    /// missing, `--cluster own` is the project's own cluster
    #[command(disable_help_flag = true)]
    Deploy(Words),
    /// Build the container image with buildah, podman or Docker, and print its size
    #[command(disable_help_flag = true)]
    Image(Words),
    /// Make a release: version, artifacts, proof that they are reproducible, registry
    #[command(disable_help_flag = true)]
    Release(Words),
    /// Measure the service
    #[command(disable_help_flag = true)]
    Bench(Words),
    /// The project's own single-node Kubernetes (needs root)
    #[command(disable_help_flag = true)]
    Cluster(Words),
    /// Draw the pictures of the documentation from their sources
    Picture {
        /// Install Graphviz where it is missing
        #[arg(long)]
        install: bool,
    },
    /// List the external tools, or install those that are missing
    Tools {
        #[arg(long)]
        install: bool,
    },
    /// Print this message or the help of the given subcommand(s)
    #[command(disable_help_flag = true)]
    Help(Words),
}

/// Words that a tool reads by itself.
#[derive(clap::Args)]
pub(crate) struct Words {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode> {
        if let Some((tool, task, words)) = self.task.delegated() {
            return match tool {
                Tool::Confpath => door::run(task, words),
                Tool::Bench | Tool::Cluster | Tool::Release | Tool::Scan => Err(tool.become_it(task, words)),
            };
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "all other tasks are delegated")]
        match self.task {
            Task::Test { tiers, install, cluster, aws } => test::run(&tiers, install, cluster, aws),
            Task::Check => check::run(),
            Task::Codegen { check } => codegen::run(check),
            Task::Picture { install } => picture::run(install),
            Task::Tools { install } => tools::run(install),
            Task::Help(Words { words }) => return help(words),
            _ => Ok(()),
        }
        .map(|()| ExitCode::SUCCESS)
    }
}

impl Task {
    /// The tool that carries out the task, and the words for it; nothing for a task of this program.
    pub(crate) fn delegated(&self) -> Option<(Tool, &'static str, &[OsString])> {
        match self {
            Self::Up(words) => Some((Tool::Cluster, "up", &words.words)),
            Self::Down(words) => Some((Tool::Cluster, "down", &words.words)),
            Self::Cluster(words) => Some((Tool::Cluster, "cluster", &words.words)),
            Self::Drift(words) => Some((Tool::Confpath, "drift", &words.words)),
            Self::Deploy(words) => Some((Tool::Confpath, "deploy", &words.words)),
            Self::Scan(words) => Some((Tool::Scan, "scan", &words.words)),
            Self::Image(words) => Some((Tool::Release, "image", &words.words)),
            Self::Release(words) => Some((Tool::Release, "release", &words.words)),
            Self::Bench(words) => Some((Tool::Bench, "bench", &words.words)),
            Self::Test { .. }
            | Self::Check
            | Self::Codegen { .. }
            | Self::Picture { .. }
            | Self::Tools { .. }
            | Self::Help(_) => None,
        }
    }
}

/// Help about a task: the same as the task prints for `--help`.
fn help(words: Vec<OsString>) -> Result<ExitCode> {
    let program = OsString::from("xtask");
    Args::parse_from([program].into_iter().chain(words).chain(["--help".into()])).run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
    }
}
