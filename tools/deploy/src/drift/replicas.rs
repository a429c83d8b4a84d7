//! The state that each replica reports: `/digests` of the admin port, through a port-forward, which no network policy blocks.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use kit::{wait, workspace};
use serde_json::Value;

use super::release::Held;
use super::row::{Row, Verdict};
use super::target::Target;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Enough of a digest to tell two apart.
const DIGITS: usize = 12;

/// Returns the number of ready replicas, and a row for each with the digest of its running configuration.
pub(super) fn rows(target: &Target, held: &Held) -> Vec<Row> {
    let selector = format!("--selector=app.kubernetes.io/instance={},app.kubernetes.io/name", held.name);
    let found = target.get(&held.namespace, &["deployments,pods", &selector]);
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
        rows.extend(of_pod(target, held, pod));
    }
    rows
}

fn ready(deployment: &Value) -> Row {
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or_default();
    let ready = deployment["status"]["readyReplicas"].as_u64().unwrap_or_default();
    Row::compared("replicas ready", [None, Some(wanted.to_string()), Some(ready.to_string())])
}

fn of_pod(target: &Target, held: &Held, pod: &Value) -> Vec<Row> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let seal = held.seal();
    let short = seal.as_deref().map(shorten);
    let what = format!("config of {name}");
    let (config, readiness) = match digests(target, &held.namespace, name, pod) {
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

/// A replica that complains of its own state differs, whatever it runs.
fn judge(what: String, seal: Option<&str>, digests: &Value) -> Row {
    let running = digests["running"].as_str().unwrap_or_default();
    let state = digests["state"].as_str().unwrap_or("unknown");
    let is_sound = ["converged", "pinned"].contains(&state) && seal.is_none_or(|seal| seal == running);
    let cells = [None, seal.map(shorten), Some(format!("{} {state}", shorten(running)))];
    Row::judged(what, cells, if is_sound { Verdict::Same } else { Verdict::Differs })
}

/// Returns the reason for which a replica reports that it takes no traffic; nothing if it is ready or reports none.
fn not_ready(name: &str, digests: &Value) -> Option<Row> {
    if digests["ready"] != false {
        return None;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let dependencies = digests["dependencies"].as_array().into_iter().flatten();
    let reasons: Vec<String> = dependencies
        .filter(|dependency| dependency["blocks_readiness"] == true)
        .map(|it| {
            format!("{}: {} {}", text(&it["name"]), text(&it["reason"]), text(&it["code"])).trim().to_owned()
        })
        .collect();
    let cells = [None, Some("ready".to_owned()), Some(format!("not ready {}", reasons.join("; ")))];
    Some(Row::judged(format!("readiness of {name}"), cells, Verdict::Differs))
}

fn shorten(digest: &str) -> String {
    digest.chars().take(DIGITS).collect()
}

fn digests(target: &Target, namespace: &str, name: &str, pod: &Value) -> Result<Value> {
    let ports = pod["spec"]["containers"][0]["ports"].as_array().into_iter().flatten();
    let mut admin =
        ports.filter(|port| port["name"] == "admin").filter_map(|port| port["containerPort"].as_u64());
    let admin = admin.next().context("the pod has no port admin")?;
    let forward = Forward::start(target, namespace, name, admin)?;
    let body = get(forward.port, "/digests")?;
    serde_json::from_str(&body).context("the replica's answer is no JSON")
}

/// Ends when dropped.
struct Forward {
    child: Child,
    port: u16,
}

impl Forward {
    fn start(target: &Target, namespace: &str, pod: &str, port: u64) -> Result<Self> {
        let folder = workspace::root().join("target/xtask");
        fs::create_dir_all(&folder)?;
        let log = folder.join(format!("port-forward-{}.log", std::process::id()));
        let command =
            target.kubectl().args(["port-forward", "--namespace", namespace, "--address=127.0.0.1"]);
        let child = command.arg(format!("pod/{pod}")).arg(format!(":{port}")).daemon(&log)?;
        let mut forward = Self { child, port: 0 };
        let started = wait::until_true("the port-forward", TIMEOUT, || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            if let Some(port) = port_in(&said) {
                forward.port = port;
                return Ok(true);
            }
            match forward.child.try_wait()? {
                Some(_) => bail!("{}", said.trim()),
                None => Ok(false),
            }
        });
        fs::remove_file(&log)?;
        started.map(|()| forward)
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

/// The body of a plain answer: an HTTP client would be the largest part of this program.
fn get(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("no answer")?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no whole answer")?;
    let status = head.lines().next().unwrap_or_default();
    if !status.contains(" 200 ") {
        bail!("answered {status:?}");
    }
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_replicas_that_run_the_seal_match() {
        let judge = |running: &str, state: &str| {
            judge(String::new(), Some("abc"), &json!({ "running": running, "state": state })).verdict()
        };
        assert_eq!(judge("abc", "converged"), Verdict::Same);
        assert_eq!(judge("abc", "pinned"), Verdict::Same);
        assert_eq!(judge("abc", "drifted"), Verdict::Differs);
        assert_eq!(judge("def", "converged"), Verdict::Differs);
    }

    #[test]
    fn unready_replica_differs_with_a_reason() {
        let dependency = json!({ "name": "database", "reason": "authentication", "code": "28P01", "blocks_readiness": true });
        let row = not_ready("a", &json!({ "ready": false, "dependencies": [dependency] })).unwrap();
        assert_eq!(row.verdict(), Verdict::Differs);
        assert!(format!("{row:?}").contains("not ready database: authentication 28P01"), "{row:?}");
        assert!(not_ready("a", &json!({ "ready": true })).is_none());
        assert!(not_ready("a", &json!({})).is_none(), "a version that does not report it");
    }

    #[test]
    fn the_port_is_read_from_what_kubectl_says() {
        assert_eq!(port_in("Forwarding from 127.0.0.1:43210 -> 9090\n"), Some(43210));
        assert_eq!(port_in("Forwarding from"), None);
    }
}
