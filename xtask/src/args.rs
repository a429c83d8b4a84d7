//! The command line.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use crate::cluster::Choice;
use crate::cluster::own::extras::Extra;
use crate::cluster::own::{Kubelet, Own};
use crate::test::{Extent, Tier};
use crate::{bench, check, codegen, deploy, drift, image, picture, release, scan, test, tools, up};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's tasks", disable_version_flag = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the image, install the chart on a Kubernetes and show what the service answers
    Up(up::Options),
    /// Remove what `up` has made; the project's own cluster goes whole
    Down {
        /// Which cluster: the project's own (the default where this checkout has one), else the current context
        #[arg(long)]
        cluster: Option<Choice>,
    },
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
    /// Compare what Terraform gave, what the release holds and what the replicas run; exits with 2 when they differ, 3 when it
    /// cannot tell
    Drift(drift::Options),
    /// Look for holes: in our code, in what it depends on, in the history, the image, the policies and the workflows; exits
    /// with 2 when tools are missing
    Scan(scan::Options),
    /// Deploy: Terraform by an approved plan, or Helm with a rollback by itself
    #[command(subcommand)]
    Deploy(deploy::Way),
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
    /// Measure the service
    Bench {
        what: bench::What,
        /// Install tools that are missing
        #[arg(long)]
        install: bool,
        #[command(flatten, next_help_heading = "Options of `http`")]
        http: bench::http::Options,
    },
    /// The project's own single-node Kubernetes (needs root)
    Cluster {
        action: ClusterAction,
        /// Install tools that are missing
        #[arg(long)]
        install: bool,
        /// With `up`: leave the kubelet's sync settings as upstream has them, to measure what a stock cluster does
        #[arg(long)]
        stock_kubelet: bool,
        /// With `up`: optional components to start: metrics, ingress, policies
        #[arg(long, value_name = "COMPONENTS", value_delimiter = ',')]
        with: Vec<Extra>,
    },
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
}

#[derive(Clone, Copy, ValueEnum)]
enum ClusterAction {
    /// Start it, or do nothing when it is up
    Up,
    /// Stop it and remove every trace of it
    Down,
    /// Show its components, node and kubeconfig; exits with 1 when it is not up
    Status,
    /// After `cargo xtask up`: what to write down of a minikube or kind that this project's machines do not have
    Report,
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        match self.task {
            Task::Up(options) => up::up(&options),
            Task::Down { cluster } => up::down(cluster),
            Task::Test { tiers, install, cluster, aws } => test::run(&tiers, install, cluster, aws),
            Task::Check => check::run(),
            Task::Codegen { check } => codegen::run(check),
            Task::Drift(options) => drift::run(&options),
            Task::Scan(options) => scan::run(&options),
            Task::Deploy(way) => deploy::run(&way),
            Task::Image { stage: Some(folder), .. } => image::stage(&folder),
            Task::Image { output, options, .. } => image::run(output.as_deref(), &options),
            Task::Release(step) => step.run(),
            Task::Bench { what, install, http } => bench::run(what, install, &http),
            Task::Cluster { action, install, stock_kubelet, with } => match action {
                ClusterAction::Up if stock_kubelet => Own::new().up(install, Kubelet::Stock, &with),
                ClusterAction::Up => Own::new().up(install, Kubelet::Quick, &with),
                ClusterAction::Down => Own::new().down(),
                ClusterAction::Status => Own::new().status(),
                ClusterAction::Report => up::report(),
            },
            Task::Picture { install } => picture::run(install),
            Task::Tools { install } => tools::run(install),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }
}
