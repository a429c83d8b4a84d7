//! A release as Helm stores it, and a comparison of its objects with the rendered ones.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::row::{Row, Verdict};
use crate::cluster::Cluster;

pub(super) struct Held {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) status: String,
    pub(super) revision: String,
    /// Values given at the installation, without the chart's defaults.
    pub(super) values: Value,
    pub(super) manifest: String,
}

impl Held {
    /// Nothing where there is no such release.
    ///
    /// # Errors
    /// Helm cannot be run or does not reach the cluster.
    pub(super) fn read(cluster: &Cluster, name: &str, namespace: &str) -> Result<Option<Self>> {
        let helm = |what: &[&str]| cluster.helm().args(what).args([name, "--namespace", namespace]);
        let status = match helm(&["status", "--output=json"]).ask() {
            Ok(printed) => serde_json::from_str::<Value>(&printed).context("helm printed no JSON")?,
            Err(error) if format!("{error:#}").contains("release: not found") => return Ok(None),
            Err(error) => return Err(error),
        };
        let values = helm(&["get", "values", "--output=json"]).ask()?;
        Ok(Some(Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            status: status["info"]["status"].as_str().unwrap_or("unknown").to_owned(),
            revision: status["version"].to_string(),
            values: serde_json::from_str(&values).context("helm printed no JSON")?,
            manifest: helm(&["get", "manifest"]).ask()?,
        }))
    }

    /// The `CONFIG_SEAL` that the release rendered.
    pub(super) fn seal(&self) -> Option<String> {
        let line = self.manifest.lines().find_map(|line| line.trim().strip_prefix("CONFIG_SEAL:"))?;
        Some(line.trim().trim_matches('"').to_owned())
    }
}

/// Compares the rendered objects with the live ones, by a dry run of the API server, which knows its own defaults.
pub(super) fn objects(cluster: &Cluster, held: &Held) -> Row {
    let (running, verdict) = match changed(cluster, held) {
        Ok(names) if names.is_empty() => ("as rendered".to_owned(), Verdict::Same),
        Ok(names) => (names.join(", "), Verdict::Differs),
        Err(error) => (format!("{error:#}"), Verdict::Unknown),
    };
    Row::judged("objects", [None, Some("as rendered".to_owned()), Some(running)], verdict)
}

/// The objects that are not as rendered, by kind and name. A Secret's content is masked by kubectl, and not read here.
fn changed(cluster: &Cluster, held: &Held) -> Result<Vec<String>> {
    let diff = cluster.kubectl().args(["diff", "--namespace", &held.namespace, "--filename=-"]);
    // kubectl exits with 1 where something differs.
    let printed = diff.input(without_found_replicas(&held.manifest)).ask_tolerating(1)?;
    Ok(printed.lines().filter_map(name_in).collect())
}

/// The manifest without a number of pods that the chart only found in the cluster: an autoscaler changes it at any time.
fn without_found_replicas(manifest: &str) -> String {
    let mut is_found = false;
    let mut keeps = |line: &&str| {
        is_found |= line.trim() == "replicas/rendered: as found";
        !(is_found && line.starts_with("  replicas: "))
    };
    manifest.lines().filter(|line| keeps(line)).map(|line| format!("{line}\n")).collect()
}

/// `diff -u -N /tmp/LIVE-1/apps.v1.Deployment.default.myapp /tmp/MERGED-2/…` is about `Deployment/myapp`.
fn name_in(line: &str) -> Option<String> {
    let path = line.strip_prefix("diff ")?.split_whitespace().find(|word| word.contains("LIVE-"))?;
    let parts: Vec<_> = path.rsplit('/').next()?.split('.').collect();
    let version = parts.iter().position(|part| is_version(part))?;
    let [kind, _namespace, name @ ..] = parts.get(version + 1..)? else { return None };
    Some(format!("{kind}/{}", name.join(".")))
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_is_named_by_kind_and_name() {
        let line = |object: &str| format!("diff -u -N /tmp/LIVE-12/{object} /tmp/MERGED-34/{object}");
        assert_eq!(name_in(&line("apps.v1.Deployment.default.myapp")).as_deref(), Some("Deployment/myapp"));
        assert_eq!(name_in(&line("v1.ConfigMap.default.myapp")).as_deref(), Some("ConfigMap/myapp"));
        let policy = "networking.k8s.io.v1.NetworkPolicy.default.my.app";
        assert_eq!(name_in(&line(policy)).as_deref(), Some("NetworkPolicy/my.app"));
        assert_eq!(name_in("--- /tmp/LIVE-12/v1.ConfigMap.default.myapp"), None);
    }

    #[test]
    fn number_of_found_pods_is_not_compared() {
        let manifest = "metadata:\n  annotations:\n    replicas/rendered: as found\nspec:\n  replicas: 5\n";
        let rest = "metadata:\n  annotations:\n    replicas/rendered: as found\nspec:\n";
        assert_eq!(without_found_replicas(manifest), rest);
        let own = "metadata:\n  name: myapp\nspec:\n  replicas: 5\n";
        assert_eq!(without_found_replicas(own), own);
    }

    #[test]
    fn the_seal_is_read_from_the_manifest() {
        let held = Held {
            name: String::new(),
            namespace: String::new(),
            status: String::new(),
            revision: String::new(),
            values: Value::Null,
            manifest: "data:\n  CONFIG_SEAL: \"ab12\"\n  LOG_LEVEL: info\n".into(),
        };
        assert_eq!(held.seal().as_deref(), Some("ab12"));
    }
}
