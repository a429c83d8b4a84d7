//! Operations on the node of a cluster: starting it, loading an image, removing it.

use anyhow::Result;
use kit::cluster::{Cluster, Provider};
use kit::process::Cmd;
use own_cluster::extras::{self, Extra};
use own_cluster::{Kubelet, Own};
use release::Program;
use release::image::{self, Archive};

use crate::node_image;

/// Brings the cluster up if it is the project's own, with the components `with`. The developer's is up, or its own tool says
/// what is wrong.
///
/// # Errors
/// Also when components are named for a cluster of the developer's.
pub(crate) fn start(cluster: &Cluster, install: bool, with: &[Extra]) -> Result<()> {
    accept(cluster, with)?;
    if *cluster.provider() == Provider::Own {
        Own::in_checkout().up(install, Kubelet::Quick, with)
    } else {
        Ok(())
    }
}

/// Refuses components that the cluster cannot be given.
///
/// # Errors
/// When there are any and the cluster is not the project's own.
pub(crate) fn accept(cluster: &Cluster, with: &[Extra]) -> Result<()> {
    if *cluster.provider() == Provider::Own { Ok(()) } else { extras::refuse(with, cluster.context()) }
}

/// The components of the project's own cluster that `with` names; none for another.
pub(crate) fn components(cluster: &Cluster, with: &'static [Extra]) -> &'static [Extra] {
    if *cluster.provider() == Provider::Own { with } else { &[] }
}

/// Removes the cluster if it is the project's own, and leaves the developer's alone.
pub(crate) fn finish(cluster: &Cluster) -> Result<()> {
    if *cluster.provider() == Provider::Own { Own::in_checkout().down() } else { Ok(()) }
}

/// Puts the image onto the node, under the name it has in the archive.
///
/// # Errors
/// Also when the node has another image under that name afterwards.
pub(crate) fn load_image(cluster: &Cluster, image: &Archive) -> Result<()> {
    let command = match cluster.provider() {
        Provider::Own => return Own::in_checkout().load_image(&image.path),
        Provider::Minikube { profile } => Cmd::new("minikube").args(["--profile", profile, "image", "load"]),
        Provider::Kind { name } => Cmd::new("kind").args(["load", "image-archive", "--name", name]),
    };
    command.arg(&image.path).run()?;
    node_image::verify(cluster.provider(), &image::name(Program::Myapp), &image.id()?)
}
