//! The Kubernetes that tasks use: the project's own, or the developer's minikube or kind.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::process::Cmd;
pub use crate::provider::Provider;
use crate::workspace;

/// The name of the own cluster's context.
pub const OWN_CONTEXT: &str = "myapp-own";

/// The cluster that was chosen on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// The project's own single-node Kubernetes
    Own,
}

/// A cluster that can be used: how to talk to it, and how images get onto its node.
pub struct Cluster {
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
    pub fn select(choice: Option<Choice>) -> Result<Self> {
        if is_own(choice) {
            let kubeconfig = Some(own_kubeconfig());
            return Ok(Self { provider: Provider::Own, kubeconfig, context: OWN_CONTEXT.to_owned() });
        }
        let context = Cmd::new("kubectl").args(["config", "current-context"]).ask();
        let context = context.context("no current context; start minikube or kind, or pass --cluster own")?;
        let context = context.trim().to_owned();
        let provider = provider_of(&context, is_minikube(&context))?;
        Ok(Self { provider, kubeconfig: None, context })
    }

    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The context's name, which every command on this cluster is to name.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The file that has the context, where it is not one that kubectl finds by itself.
    pub fn kubeconfig(&self) -> Option<&Path> {
        self.kubeconfig.as_deref()
    }

    pub fn kubectl(&self) -> Cmd {
        self.command("kubectl").args(["--context", &self.context])
    }

    pub fn helm(&self) -> Cmd {
        self.command("helm").args(["--kube-context", &self.context])
    }

    /// A program that finds the cluster through the environment.
    pub fn command(&self, program: &str) -> Cmd {
        let command = Cmd::new(program);
        match &self.kubeconfig {
            Some(path) => command.env("KUBECONFIG", path),
            None => command,
        }
    }
}

/// The folder with the state of this checkout's own cluster.
pub fn own_folder() -> PathBuf {
    workspace::root().join("target/cluster")
}

/// A file with one context, [`OWN_CONTEXT`]; the developer's own is never touched.
pub fn own_kubeconfig() -> PathBuf {
    own_folder().join("kubeconfig/admin")
}

/// Returns true if the project's own cluster is to be used: in CI nobody has started another.
pub fn is_own(choice: Option<Choice>) -> bool {
    choice == Some(Choice::Own) || in_ci()
}

/// Returns true in an unattended run: every CI service sets the variable, and nothing else does.
pub fn in_ci() -> bool {
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
    fn kind_and_minikube_are_recognized() {
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
