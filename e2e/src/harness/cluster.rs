//! The cluster under test. It has to be named: a test must never touch whatever cluster happens to be current.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use kube::config::{Context, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use serde_json::json;

/// One or more files, as in `KUBECONFIG`.
pub const KUBECONFIG_VARIABLE: &str = "E2E_KUBECONFIG";
/// The context in those files.
pub const CONTEXT_VARIABLE: &str = "E2E_CONTEXT";

/// Reason for which there is no cluster to test.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(
        "{0} is not set: run these tests with `cargo xtask test cluster`, which names the cluster they may use"
    )]
    NotNamed(&'static str),
    #[error("the kubeconfig cannot be used")]
    Kubeconfig(#[from] KubeconfigError),
    #[error("the kubeconfig has no context `{0}`")]
    UnknownContext(String),
    #[error("the API server's address or certificates cannot be used")]
    Client(#[from] kube::Error),
    #[error("{path} cannot be written")]
    Write { path: PathBuf, source: std::io::Error },
}

/// A cluster that the tests may use.
pub struct Cluster {
    kubeconfig: OsString,
    context: Context,
    client: Client,
}

impl Cluster {
    /// Finds the cluster that the environment names, and none else. Nothing is sent to it yet.
    ///
    /// # Errors
    /// When a variable is missing or what it names is unusable.
    pub async fn from_environment() -> Result<Self, ClusterError> {
        let kubeconfig = variable(KUBECONFIG_VARIABLE)?;
        let name = variable(CONTEXT_VARIABLE)?.to_string_lossy().into_owned();
        let merged = std::env::split_paths(&kubeconfig)
            .filter(|path| path.exists())
            .try_fold(Kubeconfig::default(), |merged, path| merged.merge(Kubeconfig::read_from(path)?))?;
        let named = merged.contexts.iter().find(|context| context.name == name);
        let context = named.and_then(|named| named.context.clone());
        let context = context.ok_or_else(|| ClusterError::UnknownContext(name.clone()))?;
        let options = KubeConfigOptions { context: Some(name), ..KubeConfigOptions::default() };
        let client = Client::try_from(Config::from_custom_kubeconfig(merged, &options).await?)?;
        Ok(Self { kubeconfig, context, client })
    }

    /// A client as the context's user.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Writes a kubeconfig into `folder` that makes this cluster and `namespace` the current ones, and returns the value of
    /// `KUBECONFIG` to use it with. Commands that name neither then run as printed in a README.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn kubeconfig_for(&self, namespace: &str, folder: &Path) -> Result<OsString, ClusterError> {
        // kubectl and Helm merge the listed files, the first one winning, so no credential is copied.
        let overlay = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": namespace,
            "contexts": [{
                "name": namespace,
                "context": { "cluster": self.context.cluster, "user": self.context.user, "namespace": namespace },
            }],
        });
        let path = folder.join("kubeconfig");
        std::fs::write(&path, overlay.to_string())
            .map_err(|source| ClusterError::Write { path: path.clone(), source })?;
        let mut list = path.into_os_string();
        list.push(":");
        list.push(&self.kubeconfig);
        Ok(list)
    }
}

fn variable(name: &'static str) -> Result<OsString, ClusterError> {
    std::env::var_os(name).filter(|value| !value.is_empty()).ok_or(ClusterError::NotNamed(name))
}
