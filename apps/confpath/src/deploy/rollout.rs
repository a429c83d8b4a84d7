//! Waiting for the pods of a release, watching for what no waiting will mend.

pub(super) mod diagnosis;
mod items;
mod release_ref;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::args::WaitArgs;
use crate::cluster::Cluster;
use crate::console::say;
use crate::deployment::Deployment;
use crate::program;
use items::items;
pub(super) use release_ref::ReleaseRef;

/// Pause between two looks at the pods.
const PAUSE: Duration = Duration::from_millis(500);

/// Progress of a rollout.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rollout {
    pub(super) ready: u64,
    pub(super) wanted: u64,
    /// All pods are of the latest revision and ready, and no other one serves.
    complete: bool,
    /// Failures that need a person, one line each.
    pub(super) failures: Vec<String>,
    /// Conditions that may still resolve, one line each.
    pub(super) concerns: Vec<String>,
}

/// Waits until every replica is ready, and says how many are.
///
/// # Errors
/// When the pods cannot become ready or take too long. What they said, and what Kubernetes said about them, is printed before.
pub(super) fn run(args: &WaitArgs) -> Result<()> {
    let deployment = Deployment::read(&args.release.project)?;
    let release = deployment.release(&args.release)?;
    let namespace =
        deployment.named_namespace(&args.release).map(|namespace| format!("--namespace={namespace}"));
    program::require(&["kubectl"])?;
    let cluster = Cluster::new(deployment.context(args.release.context.as_ref()));
    let kubectl = || cluster.kubectl().args(&namespace);
    let release = ReleaseRef { kubectl: &kubectl, release: &release };
    let outcome = wait(&release, Duration::from_secs(args.timeout));
    if outcome.is_err() {
        diagnosis::show(&release);
    }
    outcome
}

fn wait(release: &ReleaseRef<'_>, timeout: Duration) -> Result<()> {
    let started = Instant::now();
    let mut said = Vec::new();
    loop {
        let rollout = Rollout::read(release)?;
        let mut lines = vec![format!("replicas ready: {}/{}", rollout.ready, rollout.wanted)];
        lines.extend(rollout.concerns);
        lines.iter().filter(|line| !said.contains(*line)).for_each(say);
        said = lines;
        if !rollout.failures.is_empty() {
            bail!("the release cannot start:\n  {}", rollout.failures.join("\n  "));
        }
        if rollout.complete {
            return Ok(());
        }
        if started.elapsed() > timeout {
            bail!("not every replica is ready after {} s", timeout.as_secs());
        }
        std::thread::sleep(PAUSE);
    }
}

impl Rollout {
    /// Asks for the objects whose states tell how the release does.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub(super) fn read(release: &ReleaseRef<'_>) -> Result<Self> {
        let kinds = "deployments,replicasets,pods";
        let text = (release.kubectl)().args(["get", kinds, &release.selector(), "--output=json"]).ask()?;
        Ok(Self::of(&serde_json::from_str(&text)?))
    }

    /// Reads a list of the release's Deployment, ReplicaSets and Pods.
    fn of(list: &Value) -> Self {
        let of_kind = |kind: &'static str| items(list, "/items").filter(move |object| object["kind"] == kind);
        let deployment = of_kind("Deployment").next().unwrap_or(&Value::Null);
        let revision =
            |object: &Value| object["metadata"]["annotations"]["deployment.kubernetes.io/revision"].clone();
        let latest =
            of_kind("ReplicaSet").find(|set| revision(set) == revision(deployment)).unwrap_or(&Value::Null);
        let hash = |object: &Value| object["metadata"]["labels"]["pod-template-hash"].clone();
        let pods = of_kind("Pod").filter(|pod| hash(pod) == hash(latest));

        let count = |field: &str| deployment["status"][field].as_u64().unwrap_or_default();
        let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or_default();
        let observed =
            count("observedGeneration") >= deployment["metadata"]["generation"].as_u64().unwrap_or(u64::MAX);
        let all = |field| count(field) == wanted;
        let mut failures: Vec<String> = set_failures(deployment, latest).collect();
        let mut concerns = Vec::new();
        for pod in pods {
            failures.extend(diagnosis::definite(pod));
            concerns.extend(diagnosis::possible(pod));
        }
        Self {
            ready: count("readyReplicas").min(count("updatedReplicas")),
            wanted,
            complete: observed
                && ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"].into_iter().all(all),
            failures: if observed { failures } else { Vec::new() },
            concerns,
        }
    }
}

/// Returns the reasons for missing pods.
fn set_failures<'a>(deployment: &'a Value, latest: &'a Value) -> impl Iterator<Item = String> + 'a {
    let conditions = |object: &'a Value| items(object, "/status/conditions");
    let refused = conditions(latest)
        .filter(|condition| condition["type"] == "ReplicaFailure" && condition["status"] == "True");
    let late = conditions(deployment).filter(|condition| condition["reason"] == "ProgressDeadlineExceeded");
    refused.chain(late).map(|condition| condition["message"].as_str().unwrap_or("no reason given").to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(generation: u64, observed: u64, ready: u64) -> Value {
        json!({
            "kind": "Deployment",
            "metadata": { "generation": generation, "annotations": { "deployment.kubernetes.io/revision": "2" } },
            "spec": { "replicas": 2 },
            "status": {
                "observedGeneration": observed,
                "replicas": 2, "updatedReplicas": 2, "readyReplicas": ready, "availableReplicas": ready,
            },
        })
    }

    fn replica_set(revision: &str, hash: &str) -> Value {
        let annotations = json!({ "deployment.kubernetes.io/revision": revision });
        json!({ "kind": "ReplicaSet", "metadata": { "annotations": annotations, "labels": { "pod-template-hash": hash } } })
    }

    fn refusing_pod(hash: &str) -> Value {
        json!({
            "kind": "Pod",
            "metadata": { "name": format!("myapp-{hash}"), "labels": { "pod-template-hash": hash } },
            "status": { "containerStatuses": [{ "name": "myapp", "state": { "terminated": { "exitCode": 64 } } }] },
        })
    }

    fn rollout(objects: &[Value]) -> Rollout {
        Rollout::of(&json!({ "items": objects }))
    }

    #[test]
    fn rollout_is_complete_when_all_replicas_are_ready() {
        assert!(!rollout(&[deployment(1, 1, 1)]).complete);
        assert!(rollout(&[deployment(1, 1, 2)]).complete);
    }

    #[test]
    fn state_of_an_earlier_revision_is_not_used() {
        assert!(!rollout(&[deployment(2, 1, 2)]).complete);
    }

    #[test]
    fn nothing_found_is_not_complete() {
        assert!(!rollout(&[]).complete);
    }

    #[test]
    fn only_failing_pods_of_the_latest_revision_count() {
        let sets = vec![deployment(2, 2, 1), replica_set("1", "old"), replica_set("2", "new")];
        let with = |pod| rollout(&[sets.clone(), vec![pod]].concat()).failures;
        assert_eq!(with(refusing_pod("old")), Vec::<String>::new());
        assert_eq!(
            with(refusing_pod("new")),
            ["pod myapp-new: container myapp refused its configuration (exit code 64)"]
        );
    }

    #[test]
    fn rejected_pods_are_a_failure_with_the_reason() {
        let mut set = replica_set("2", "new");
        set["status"]["conditions"] =
            json!([{ "type": "ReplicaFailure", "status": "True", "message": "violates PodSecurity" }]);
        assert_eq!(rollout(&[deployment(2, 2, 0), set]).failures, ["violates PodSecurity"]);
    }
}
