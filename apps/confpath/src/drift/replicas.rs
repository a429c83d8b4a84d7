//! The state that each replica reports: `/digests` of the admin port, through a port-forward, which no network policy blocks.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Child;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fleet::Digests;
use http::HeaderMap;
use serde_json::Value;

use super::release::Held;
use super::row::{Row, Verdict};
use crate::cluster::Cluster;
use crate::program::Line;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Enough of a digest to tell two apart.
const DIGITS: usize = 12;
/// Name of the port with `/digests`.
const ADMIN: &str = "admin";

/// Returns the number of ready replicas, and a row for each with the digest of its running configuration.
pub(super) fn rows(cluster: &Cluster, held: &Held) -> Vec<Row> {
    let selector = format!("--selector=app.kubernetes.io/instance={},app.kubernetes.io/name", held.name);
    let found = cluster.get(&held.namespace, &["deployments,pods", &selector]);
    let objects = match found {
        Ok(list) => list["items"].as_array().cloned().unwrap_or_default(),
        Err(error) => {
            return vec![Row::judged("replicas", [None, None, Some(format!("{error:#}"))], Verdict::Unknown)];
        }
    };
    let deployments = objects.iter().filter(|object| object["kind"] == "Deployment");
    let mut rows: Vec<_> = deployments.map(ready).collect();
    let is_pod =
        |object: &&Value| object["kind"] == "Pod" && object["metadata"]["deletionTimestamp"].is_null();
    for pod in objects.iter().filter(is_pod) {
        rows.extend(of_pod(cluster, held, pod));
    }
    rows
}

fn ready(deployment: &Value) -> Row {
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or_default();
    let ready = deployment["status"]["readyReplicas"].as_u64().unwrap_or_default();
    Row::compared("replicas ready", [None, Some(wanted.to_string()), Some(ready.to_string())])
}

fn of_pod(cluster: &Cluster, held: &Held, pod: &Value) -> Vec<Row> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let seal = held.seal();
    let short = seal.as_deref().map(shorten);
    let what = format!("config of {name}");
    let (config, readiness) = match digests(cluster, &held.namespace, name, pod) {
        Ok(digests) => (judge(what, seal.as_deref(), &digests), not_ready(name, &digests)),
        Err(error) => (Row::judged(what, [None, short, Some(format!("{error:#}"))], Verdict::Unknown), None),
    };
    let revision = held.values["secretRevision"].as_str().filter(|revision| !revision.is_empty());
    let secret = revision.map(|revision| {
        let started_with = pod["metadata"]["annotations"]["secret/revision"].as_str().unwrap_or("none");
        let cells = [None, Some(revision.to_owned()), Some(started_with.to_owned())];
        Row::compared(format!("secretRevision of {name}"), cells)
    });
    [Some(config), readiness, secret].into_iter().flatten().collect()
}

/// A replica that complains of its own state differs, whatever it runs. Of a configuration that is only delivered nobody can tell if it
/// runs.
fn judge(what: String, seal: Option<&str>, digests: &Digests) -> Row {
    let (held, is_proven) = match (&digests.running, &digests.delivered) {
        (Some(running), _) => (running.as_str(), true),
        (None, Some(delivered)) => (delivered.as_str(), false),
        (None, None) => ("", false),
    };
    let is_wanted = seal.is_none_or(|seal| seal == held);
    let is_sound = ["converged", "pinned"].contains(&digests.state.as_str());
    let (words, verdict) = match digests.state.as_str() {
        "delivered" if is_wanted => ("delivered, not acknowledged", Verdict::Unknown),
        state if is_sound && is_proven && is_wanted => (state, Verdict::Same),
        state => (state, Verdict::Differs),
    };
    let cells = [None, seal.map(shorten), Some(format!("{} {words}", shorten(held)))];
    Row::judged(what, cells, verdict)
}

/// Returns the reason for which a replica reports that it takes no traffic; nothing if it is ready or reports none.
fn not_ready(name: &str, digests: &Digests) -> Option<Row> {
    if digests.ready {
        return None;
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let reasons: Vec<String> = digests
        .dependencies
        .iter()
        .filter(|dependency| dependency.blocks_readiness)
        .map(|it| format!("{}: {} {}", it.name, text(&it.reason), text(&it.code)).trim().to_owned())
        .collect();
    let cells = [None, Some("ready".to_owned()), Some(format!("not ready {}", reasons.join("; ")))];
    Some(Row::judged(format!("readiness of {name}"), cells, Verdict::Differs))
}

fn shorten(digest: &str) -> String {
    digest.chars().take(DIGITS).collect()
}

fn digests(cluster: &Cluster, namespace: &str, name: &str, pod: &Value) -> Result<Digests> {
    let forward = Forward::start(cluster, namespace, name, admin_port(pod)?)?;
    let replica = SocketAddr::from((Ipv4Addr::LOCALHOST, forward.port));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answers = runtime.block_on(fleet::query_all(&replica.to_string(), &HeaderMap::new()))?;
    let (_, answer) = answers.into_iter().next().context("no answer")?;
    Ok(answer?)
}

/// The port with the digests: of the service, or of an agent beside it.
fn admin_port(pod: &Value) -> Result<u64> {
    let lists = ["containers", "initContainers"].map(|list| pod["spec"][list].as_array());
    let containers = lists.into_iter().flatten().flatten();
    let mut ports = containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
    let port = ports.find(|port| port["name"] == ADMIN).and_then(|port| port["containerPort"].as_u64());
    port.context("the pod has no port admin")
}

/// Ends when dropped.
struct Forward {
    child: Child,
    port: u16,
    /// Held open: kubectl prints a line at each connection, and ends if it cannot.
    lines: Receiver<Line>,
}

impl Forward {
    fn start(cluster: &Cluster, namespace: &str, pod: &str, port: u64) -> Result<Self> {
        let command =
            cluster.kubectl().args(["port-forward", "--namespace", namespace, "--address=127.0.0.1"]);
        let (child, lines) = command.arg(format!("pod/{pod}")).arg(format!(":{port}")).start()?;
        let mut forward = Self { child, port: 0, lines };
        let deadline = Instant::now() + TIMEOUT;
        let next = || forward.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        let mut said = Vec::new();
        // Ends when kubectl has ended, which closes its output, or when the time is over.
        while let Ok(line) = next() {
            if let Some(port) = port_in(&line.text) {
                forward.port = port;
                return Ok(forward);
            }
            said.push(line.text);
        }
        bail!("no port-forward to the pod: {}", said.join(" ").trim());
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        // It may have ended by itself, which is just as good.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// From `Forwarding from 127.0.0.1:43210 -> 9090`.
fn port_in(said: &str) -> Option<u16> {
    let (_, rest) = said.split_once("Forwarding from 127.0.0.1:")?;
    rest.split_once(" ->")?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Digests of a replica with some fields of its own.
    fn digests(own: &Value) -> Digests {
        let mut document = json!({ "state": "converged", "apply": "converged", "reasons": [], "retrying": false, "since": 0,
            "release": "matches", "pinned": [], "generation": 1, "rendered": null, "mounted": "a", "running": null });
        let fields = document.as_object_mut().unwrap();
        fields.extend(own.as_object().unwrap().clone());
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn only_replicas_that_run_the_seal_match() {
        let judge = |running: &str, state: &str| {
            let digests = digests(&json!({ "running": running, "state": state }));
            judge(String::new(), Some("abc"), &digests).verdict()
        };
        assert_eq!(judge("abc", "converged"), Verdict::Same);
        assert_eq!(judge("abc", "pinned"), Verdict::Same);
        assert_eq!(judge("abc", "drifted"), Verdict::Differs);
        assert_eq!(judge("def", "converged"), Verdict::Differs);
    }

    #[test]
    fn delivered_seal_is_no_proof() {
        let judge = |delivered: &str, state: &str| {
            let digests = digests(&json!({ "delivered": delivered, "state": state }));
            judge(String::new(), Some("abc"), &digests)
        };
        let row = judge("abc", "delivered");
        assert_eq!(row.verdict(), Verdict::Unknown);
        assert!(format!("{row:?}").contains("delivered, not acknowledged"), "{row:?}");
        assert_eq!(judge("def", "delivered").verdict(), Verdict::Differs);
        assert_eq!(judge("abc", "converged").verdict(), Verdict::Differs);
    }

    #[test]
    fn unready_replica_differs_with_a_reason() {
        let dependency = json!({ "name": "database", "reason": "authentication", "code": "28P01", "blocks_readiness": true,
            "shared": true, "up": false, "age_ms": 0 });
        let row = not_ready("a", &digests(&json!({ "ready": false, "dependencies": [dependency] }))).unwrap();
        assert_eq!(row.verdict(), Verdict::Differs);
        assert!(format!("{row:?}").contains("not ready database: authentication 28P01"), "{row:?}");
        assert!(not_ready("a", &digests(&json!({ "ready": true }))).is_none());
        assert!(not_ready("a", &digests(&json!({}))).is_none(), "a version that does not report it");
    }

    #[test]
    fn admin_port_may_be_the_agents() {
        let port = |name: &str, port: u16| json!([{ "name": name, "containerPort": port }]);
        let service = json!([{ "ports": port("http", 8000) }]);
        let agent = json!([{ "ports": port("admin", 9090) }]);
        assert_eq!(
            admin_port(&json!({ "spec": { "containers": service, "initContainers": agent } })).unwrap(),
            9090
        );
        assert_eq!(admin_port(&json!({ "spec": { "containers": agent } })).unwrap(), 9090);
        let none = admin_port(&json!({ "spec": { "containers": service } }));
        assert_eq!(none.unwrap_err().to_string(), "the pod has no port admin");
    }

    #[test]
    fn the_port_is_read_from_what_kubectl_says() {
        assert_eq!(port_in("Forwarding from 127.0.0.1:43210 -> 9090\n"), Some(43210));
        assert_eq!(port_in("Forwarding from"), None);
    }
}
