//! The cluster, as helm and kubectl reach it.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::program::Program;

/// A cluster of the kubeconfig.
#[derive(Clone)]
pub(crate) struct Cluster {
    /// `None` for the current one.
    context: Option<String>,
}

impl Cluster {
    pub(crate) fn new(context: Option<String>) -> Self {
        Self { context }
    }

    pub(crate) fn kubectl(&self) -> Program {
        self.program("kubectl", "--context")
    }

    pub(crate) fn helm(&self) -> Program {
        self.program("helm", "--kube-context")
    }

    /// Returns objects as kubectl prints them in JSON.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub(crate) fn get(&self, namespace: &str, what: &[&str]) -> Result<Value> {
        let text = self
            .kubectl()
            .args(["get", "--namespace", namespace, "--output=json", "--request-timeout=20s"])
            .args(what)
            .ask()?;
        serde_json::from_str(&text).context("kubectl printed no JSON")
    }

    fn program(&self, name: &str, flag: &str) -> Program {
        let program = Program::new(name);
        match &self.context {
            Some(context) => program.args([flag, context]),
            None => program,
        }
    }
}
