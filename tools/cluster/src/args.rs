//! The command line.

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use kit::cluster::{Choice, Cluster};
use own_cluster::{Extra, Kubelet, Own};
use release::{Program, image};

use crate::{node, up};

/// Those tasks of `cargo xtask` that this tool carries out.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "xtask", disable_version_flag = true)]
pub struct Args {
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
    /// The project's own single-node Kubernetes (needs root)
    Cluster {
        action: Action,
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
    /// Prepare a cluster for tests
    #[command(hide = true)]
    Tests {
        step: Step,
        #[arg(long)]
        cluster: Option<Choice>,
        #[arg(long)]
        install: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Action {
    /// Start it, or do nothing when it is up
    Up,
    /// Stop it and remove every trace of it
    Down,
    /// Show its components, node and kubeconfig; exits with 1 when it is not up
    Status,
    /// After `cargo xtask up`: what to write down of a minikube or kind that this project's machines do not have
    Report,
}

/// Steps that the cluster tier of `cargo xtask test` calls one by one.
#[derive(Clone, Copy, ValueEnum)]
enum Step {
    /// Start the cluster with all optional components
    Start,
    /// Put the image onto the node
    Load,
    /// Remove the cluster
    Finish,
}

impl Args {
    /// Runs the task.
    ///
    /// # Errors
    /// The first step that fails.
    pub fn run(self) -> Result<()> {
        match self.task {
            Task::Up(options) => up::up(&options),
            Task::Down { cluster } => up::down(cluster),
            Task::Cluster { action, install, stock_kubelet, with } => match action {
                Action::Up if stock_kubelet => Own::in_checkout().up(install, Kubelet::Stock, &with),
                Action::Up => Own::in_checkout().up(install, Kubelet::Quick, &with),
                Action::Down => Own::in_checkout().down(),
                Action::Status => Own::in_checkout().status(),
                Action::Report => up::report(),
            },
            Task::Tests { step, cluster, install } => {
                let cluster = Cluster::select(cluster)?;
                match step {
                    Step::Start => node::start(&cluster, install, node::components(&cluster, &Extra::ALL)),
                    Step::Load => node::load_image(
                        &cluster,
                        &image::archive(Program::Myapp, &image::Options::default())?,
                    ),
                    Step::Finish => node::finish(&cluster),
                }
            }
        }
    }
}
