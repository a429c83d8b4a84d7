//! Queries to the cluster.

use anyhow::{Context as _, Result};
use kit::cluster::{Choice, OWN_CONTEXT, own_kubeconfig};
use kit::process::Cmd;
use serde_json::Value;

/// The cluster that is looked at.
#[derive(Clone)]
pub(crate) struct Target {
    kubeconfig: Option<std::path::PathBuf>,
    context: Option<String>,
}

impl Target {
    pub(crate) fn new(choice: Option<Choice>, context: Option<&str>) -> Self {
        let is_own = choice == Some(Choice::Own);
        Self {
            kubeconfig: is_own.then(own_kubeconfig),
            context: if is_own { Some(OWN_CONTEXT.to_owned()) } else { context.map(str::to_owned) },
        }
    }

    pub(crate) fn kubectl(&self) -> Cmd {
        self.program("kubectl", "--context")
    }

    pub(crate) fn helm(&self) -> Cmd {
        self.program("helm", "--kube-context")
    }

    /// Returns objects as kubectl prints them in JSON.
    pub(super) fn get(&self, namespace: &str, what: &[&str]) -> Result<Value> {
        let text = self
            .kubectl()
            .args(["get", "--namespace", namespace, "--output=json", "--request-timeout=20s"])
            .args(what)
            .ask()?;
        serde_json::from_str(&text).context("kubectl printed no JSON")
    }

    fn program(&self, name: &str, flag: &str) -> Cmd {
        let mut command = Cmd::new(name);
        if let Some(path) = &self.kubeconfig {
            command = command.env("KUBECONFIG", path);
        }
        match &self.context {
            Some(context) => command.args([flag, context]),
            None => command,
        }
    }
}
