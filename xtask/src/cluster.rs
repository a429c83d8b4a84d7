//! The Kubernetes that tasks use: the project's own, or the developer's minikube or kind.

mod node_image;
pub(crate) mod own;
mod provider;
pub(crate) mod report;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use own::extras::{self, Extra};
use own::{Kubelet, Own};
use provider::Provider;

use crate::image::{self, Archive};
use crate::process::Cmd;

/// Which cluster was asked for on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// The project's own single-node Kubernetes
    Own,
}

/// A cluster that can be used: how to talk to it, and how images get onto its node.
pub(crate) struct Cluster {
    provider: Provider,
    /// Nothing for a cluster of the developer's, which is found as kubectl finds it.
    kubeconfig: Option<PathBuf>,
    context: String,
}

impl Cluster {
    /// Picks the cluster.
    ///
    /// # Errors
    /// When the project's own was not asked for and the current context is neither minikube nor kind: a task never
    /// touches a cluster that may be somebody's.
    pub(crate) fn select(choice: Option<Choice>) -> Result<Self> {
        if is_own(choice) {
            let kubeconfig = Some(Own::new().kubeconfig());
            return Ok(Self { provider: Provider::Own, kubeconfig, context: own::CONTEXT.to_owned() });
        }
        let context = Cmd::new("kubectl").args(["config", "current-context"]).ask();
        let context = context.context("no current context; start minikube or kind, or pass --cluster own")?;
        let context = context.trim().to_owned();
        let provider = provider_of(&context, is_minikube(&context))?;
        Ok(Self { provider, kubeconfig: None, context })
    }

    /// Brings the cluster up if it is the project's own, with the components `with`. The developer's is up, or its own tool says
    /// what is wrong.
    ///
    /// # Errors
    /// Also when components are named for a cluster of the developer's.
    pub(crate) fn start(&self, install: bool, with: &[Extra]) -> Result<()> {
        self.accept(with)?;
        if self.provider == Provider::Own { Own::new().up(install, Kubelet::Quick, with) } else { Ok(()) }
    }

    /// Refuses components that the cluster cannot be given.
    ///
    /// # Errors
    /// When there are any and the cluster is not the project's own.
    pub(crate) fn accept(&self, with: &[Extra]) -> Result<()> {
        if self.provider == Provider::Own { Ok(()) } else { extras::refuse(with, &self.context) }
    }

    /// The components of the project's own cluster that `with` names; none for another.
    pub(crate) fn components(&self, with: &'static [Extra]) -> &'static [Extra] {
        if self.provider == Provider::Own { with } else { &[] }
    }

    /// Removes the cluster if it is the project's own, and leaves the developer's alone.
    pub(crate) fn finish(&self) -> Result<()> {
        if self.provider == Provider::Own { Own::new().down() } else { Ok(()) }
    }

    /// The context's name, which every command on this cluster is to name.
    pub(crate) fn context(&self) -> &str {
        &self.context
    }

    /// The file that has the context, where it is not one that kubectl finds by itself.
    pub(crate) fn kubeconfig(&self) -> Option<&Path> {
        self.kubeconfig.as_deref()
    }

    pub(crate) fn kubectl(&self) -> Cmd {
        self.command("kubectl").args(["--context", &self.context])
    }

    pub(crate) fn helm(&self) -> Cmd {
        self.command("helm").args(["--kube-context", &self.context])
    }

    /// A program that finds the cluster through the environment.
    pub(crate) fn command(&self, program: &str) -> Cmd {
        let command = Cmd::new(program);
        match &self.kubeconfig {
            Some(path) => command.env("KUBECONFIG", path),
            None => command,
        }
    }

    /// Puts the image onto the node, under the name it has in the archive.
    ///
    /// # Errors
    /// Also when the node has another image under that name afterwards.
    pub(crate) fn load_image(&self, image: &Archive) -> Result<()> {
        let command = match &self.provider {
            Provider::Own => return Own::new().load_image(&image.path),
            Provider::Minikube { profile } => {
                Cmd::new("minikube").args(["--profile", profile, "image", "load"])
            }
            Provider::Kind { name } => Cmd::new("kind").args(["load", "image-archive", "--name", name]),
        };
        command.arg(&image.path).run()?;
        node_image::verify(&self.provider, &image::name(), &image.id()?)
    }
}

/// Whether the project's own cluster is to be used: nobody is there in CI to have started another.
pub(crate) fn is_own(choice: Option<Choice>) -> bool {
    choice == Some(Choice::Own) || in_ci()
}

/// Whether this runs unattended: set by every CI service, and by nothing else.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// A minikube profile may have any name; what it has in common is the label minikube puts on its node.
fn is_minikube(context: &str) -> bool {
    let query = ["--context", context, "get", "nodes", "--selector=minikube.k8s.io/name", "--output=name"];
    Cmd::new("kubectl")
        .args(query)
        .arg("--request-timeout=10s")
        .ask()
        .is_ok_and(|nodes| !nodes.trim().is_empty())
}

fn provider_of(context: &str, minikube: bool) -> Result<Provider> {
    match context.strip_prefix("kind-") {
        Some(name) => Ok(Provider::Kind { name: name.to_owned() }),
        None if minikube => Ok(Provider::Minikube { profile: context.to_owned() }),
        None => bail!(
            "the current context `{context}` is neither minikube nor kind, and a task touches no other cluster; \
             switch with `kubectl config use-context`, or pass --cluster own"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_is_known_by_its_context_and_minikube_by_its_node() {
        assert_eq!(provider_of("kind-dev", false).unwrap(), Provider::Kind { name: "dev".to_owned() });
        assert_eq!(
            provider_of("minikube", true).unwrap(),
            Provider::Minikube { profile: "minikube".to_owned() }
        );
    }

    #[test]
    fn any_other_cluster_is_refused_by_name() {
        let error = provider_of("production", false).unwrap_err().to_string();
        assert!(error.contains("`production`") && error.contains("--cluster own"), "{error}");
    }
}
