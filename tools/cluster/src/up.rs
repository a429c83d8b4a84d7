//! The tasks `up` and `down`: from a checkout to the service answering on a Kubernetes, and back.

mod forward;
mod instructions;
mod service;

use anyhow::{Result, bail};
use kit::cluster::{self, Choice, Cluster, own_kubeconfig};
use kit::tools::{self, Use};
use kit::{ui, workspace};
use own_cluster::{Extra, Own};
use release::{Program, image};

use crate::node;

/// Extent and place of the walk-through.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Stop before the release, and print the commands that install it by hand
    #[arg(long)]
    no_install: bool,
    /// Which cluster to use: the current context if it is minikube or kind, or the project's own
    #[arg(long)]
    cluster: Option<Choice>,
    /// Optional components of the project's own cluster: metrics, ingress, policies
    #[arg(long, value_name = "COMPONENTS", value_delimiter = ',')]
    with: Vec<Extra>,
    /// Install tools that are missing
    #[arg(long)]
    install: bool,
}

/// Builds the image, puts it onto the cluster, installs the chart, and shows what the service answers. Calling it again brings
/// what runs up to date.
///
/// # Errors
/// The first step that fails; where the pods do, their own words are printed before.
pub(crate) fn up(options: &Options) -> Result<()> {
    tools::require(&uses(options), options.install)?;
    let cluster = Cluster::select(options.cluster)?;
    node::accept(&cluster, &options.with)?;
    let image = image::archive(
        Program::Myapp,
        &image::Options { install: options.install, ..image::Options::default() },
    )?;
    node::start(&cluster, options.install, &options.with)?;
    node::load_image(&cluster, &image)?;
    if options.no_install {
        instructions::to_install(&cluster);
        return Ok(());
    }
    service::install(&cluster, &image)?;
    wait(&cluster)?;
    forward::ask(&cluster)?;
    instructions::to_go_on(&cluster);
    Ok(())
}

/// Waits until every replica is ready: `confpath` follows the pods, and says why one cannot be.
fn wait(cluster: &Cluster) -> Result<()> {
    let confpath = ["run", "--quiet", "--package", "confpath", "--"];
    let release = ["--release", service::RELEASE, "--context", cluster.context()];
    let program = cluster.command("cargo").args(confpath).args(["deploy", "wait"]).args(release);
    if program.directory(workspace::root()).pass_through()?.success() {
        Ok(())
    } else {
        bail!("the release is not ready")
    }
}

/// Removes what `up` has made: the project's own cluster whole where it was asked for or this checkout has one, else the release
/// and its Secret from the developer's.
pub(crate) fn down(choice: Option<Choice>) -> Result<()> {
    if cluster::is_own(choice) || own_kubeconfig().exists() {
        return Own::in_checkout().down();
    }
    tools::require(&[Use::Kubernetes], false)?;
    service::remove(&Cluster::select(choice)?)?;
    ui::say("the release is removed; the image stays on the node");
    Ok(())
}

/// Tells what runs where: the current context if it is minikube or kind, or this checkout's own cluster.
///
/// # Errors
/// There is no image, or the cluster does not answer.
pub(crate) fn report() -> Result<()> {
    let choice = own_kubeconfig().exists().then_some(Choice::Own);
    let cluster = Cluster::select(choice)?;
    crate::report::print(&cluster, &image::archive(Program::Myapp, &image::Options::default())?)
}

fn uses(options: &Options) -> Vec<Use> {
    let mut uses = vec![Use::Kubernetes, Use::Image];
    if cluster::is_own(options.cluster) {
        uses.push(Use::OwnCluster);
        uses.extend(options.with.iter().map(|extra| extra.uses()));
    }
    uses
}
