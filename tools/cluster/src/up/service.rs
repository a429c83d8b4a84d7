//! The release `myapp` and the Secret it refers to.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result};
use kit::cluster::Cluster;
use kit::workspace;
use release::image::Archive;
use serde_json::json;

pub(super) const RELEASE: &str = "myapp";
const SECRET: &str = "myapp-secrets";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const MANAGER: &str = "myapp-xtask";

/// Installs the chart, or brings the release up to date.
pub(super) fn install(cluster: &Cluster, image: &Archive) -> Result<()> {
    let revision = ensure_secret(cluster)?;
    cluster
        .helm()
        .args(["upgrade", "--install", RELEASE, "./charts/myapp", "--set"])
        .arg(format!("existingSecret={SECRET}"))
        .arg("--set-string")
        .arg(format!("secretRevision={revision}"))
        // The image's name stays the same when its content changes, and Kubernetes would let the old pods be.
        .arg("--set-string")
        .arg(format!("podAnnotations.image-id={}", image.id()?))
        .directory(workspace::root())
        .run()?;
    Ok(())
}

/// Removes the release and, where it is a task's, the Secret; neither has to be there.
pub(super) fn remove(cluster: &Cluster) -> Result<()> {
    cluster.helm().args(["uninstall", RELEASE, "--ignore-not-found", "--wait"]).run()?;
    let selector = format!("--selector={MANAGED_BY}={MANAGER}");
    cluster.kubectl().args(["delete", "secret", &selector, "--ignore-not-found"]).run()?;
    Ok(())
}

/// Makes the Secret with random values unless it is there; they go through a pipe and are never shown. Returns what changes
/// with its content.
fn ensure_secret(cluster: &Cluster) -> Result<String> {
    let found = revision(cluster)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": SECRET, "labels": { MANAGED_BY: MANAGER } },
        "stringData": { "SECRET_KEY": random_text()?, "DB_PASSWORD": random_text()? },
    });
    cluster.kubectl().args(["create", "--filename=-"]).input(secret.to_string()).run()?;
    revision(cluster)
}

/// Empty where there is no such Secret.
fn revision(cluster: &Cluster) -> Result<String> {
    let version = "--output=jsonpath={.metadata.resourceVersion}";
    cluster.kubectl().args(["get", "secret", SECRET, "--ignore-not-found", version]).ask()
}

/// 256 bits, in hexadecimal digits.
fn random_text() -> Result<String> {
    let mut bytes = [0; 32];
    let mut source = File::open("/dev/urandom").context("no source of randomness")?;
    source.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_texts_are_long_and_differ() {
        let [one, other] = [random_text().unwrap(), random_text().unwrap()];
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
    }
}
