//! Diagnosis of a pod: one line from its status, or its log and events.

use crate::console::say;
use serde_json::Value;

use super::items::items;
use super::release_ref::ReleaseRef;

/// The exit code of a process that refuses its configuration: the same again however often it is started.
const REFUSED: i64 = 64;

/// Reasons to wait that go away by themselves.
const PASSING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

const LOG_TAIL: &str = "--tail=15";

/// Returns the reasons for which the pod will not start, one line each; none while it may.
pub(super) fn definite(pod: &Value) -> Vec<String> {
    containers(pod)
        .filter_map(|container| Some(format!("pod {}: {}", name(pod), definite_state(container)?)))
        .collect()
}

/// Returns conditions that may delay the pod or keep it from starting, one line each.
pub(super) fn possible(pod: &Value) -> Vec<String> {
    let unscheduled = items(pod, "/status/conditions")
        .filter(|condition| condition["type"] == "PodScheduled" && condition["status"] == "False");
    unscheduled.map(|condition| format!("pod {}: {}", name(pod), text(&condition["message"]))).collect()
}

/// Prints the pods, and of each that is not as it should be what happened to it and the last lines it logged. A question that
/// fails is left out: the caller has an error to report already.
pub(in crate::deploy) fn show(release: &ReleaseRef<'_>) {
    let selector = release.selector();
    print(release, "pods", &["get", "pods", &selector, "--output=wide"]);
    let pods =
        (release.kubectl)().args(["get", "pods", &selector, "--output=json"]).ask().unwrap_or_default();
    let pods: Value = serde_json::from_str(&pods).unwrap_or_default();
    for pod in items(&pods, "/items").filter(|pod| is_failing(pod)) {
        let name = name(pod);
        let object = format!("--field-selector=involvedObject.name={name}");
        let columns = "--output=custom-columns=TYPE:.type,REASON:.reason,TIMES:.count,MESSAGE:.message";
        let events = ["get", "events", &object, "--sort-by=.lastTimestamp", columns];
        print(release, &format!("events of {name}"), &events);
        print(release, &format!("log of {name}"), &["logs", name, LOG_TAIL]);
    }
}

/// Returns true if the pod is neither ready nor being deleted.
fn is_failing(pod: &Value) -> bool {
    let ready = items(pod, "/status/conditions")
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
    !ready && pod["metadata"]["deletionTimestamp"].is_null()
}

fn print(release: &ReleaseRef<'_>, title: &str, question: &[&str]) {
    let answer = (release.kubectl)().args(question).ask().unwrap_or_default();
    if !answer.trim().is_empty() {
        say(format!("--- {title} ---\n{}", answer.trim_end()));
    }
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["/status/initContainerStatuses", "/status/containerStatuses"];
    lists.into_iter().flat_map(|list| items(pod, list))
}

fn definite_state(container: &Value) -> Option<String> {
    if container["state"]["running"].is_object() {
        return None;
    }
    let name = text(&container["name"]);
    let ended = ["state", "lastState"].map(|state| &container[state]["terminated"]);
    if ended.iter().any(|end| end["exitCode"] == REFUSED) {
        return Some(format!("container {name} refused its configuration (exit code {REFUSED})"));
    }
    let waiting = &container["state"]["waiting"];
    let reason = waiting["reason"].as_str().filter(|reason| !PASSING.contains(reason))?;
    let message = waiting["message"].as_str().map(|message| format!(": {message}")).unwrap_or_default();
    let exit = ended.iter().find_map(|end| end["exitCode"].as_i64());
    let exit = exit.map(|code| format!(" (exit code {code})")).unwrap_or_default();
    Some(format!("container {name}: {reason}{message}{exit}"))
}

fn name(pod: &Value) -> &str {
    text(&pod["metadata"]["name"])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(status: &Value) -> Value {
        json!({ "metadata": { "name": "p" }, "status": { "containerStatuses": [status] } })
    }

    #[test]
    fn starting_pods_are_no_failure() {
        for state in [
            json!({ "waiting": { "reason": "ContainerCreating" } }),
            json!({ "running": {} }),
            json!({ "terminated": { "exitCode": 1 } }),
        ] {
            assert_eq!(definite(&pod(&json!({ "name": "c", "state": state }))), Vec::<String>::new());
        }
    }

    #[test]
    fn container_that_cannot_be_created_is_a_failure() {
        let state =
            json!({ "waiting": { "reason": "ErrImageNeverPull", "message": "image is not present" } });
        let found = definite(&pod(&json!({ "name": "c", "state": state })));
        assert_eq!(found, ["pod p: container c: ErrImageNeverPull: image is not present"]);
    }

    #[test]
    fn crash_loop_fails_with_its_exit_code() {
        let status = json!({
            "name": "c",
            "state": { "waiting": { "reason": "CrashLoopBackOff" } },
            "lastState": { "terminated": { "exitCode": 137 } },
        });
        assert_eq!(definite(&pod(&status)), ["pod p: container c: CrashLoopBackOff (exit code 137)"]);
    }

    #[test]
    fn refused_configuration_is_a_failure_until_a_restart() {
        let found = |state: Value| {
            let last = json!({ "terminated": { "exitCode": 64 } });
            definite(&pod(&json!({ "name": "c", "state": state, "lastState": last })))
        };
        let refused = ["pod p: container c refused its configuration (exit code 64)"];
        assert_eq!(found(json!({ "waiting": { "reason": "CrashLoopBackOff" } })), refused);
        assert_eq!(found(json!({ "terminated": { "exitCode": 64 } })), refused);
        assert_eq!(found(json!({ "running": {} })), Vec::<String>::new());
    }

    #[test]
    fn ready_or_deleted_pods_are_not_failing() {
        let ready = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
        assert!(!is_failing(&json!({ "metadata": {}, "status": ready })));
        assert!(!is_failing(&json!({ "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" } })));
        assert!(is_failing(&json!({ "metadata": {} })));
    }

    #[test]
    fn unschedulable_pod_is_a_concern() {
        let conditions =
            json!([{ "type": "PodScheduled", "status": "False", "message": "Insufficient memory" }]);
        let pod = json!({ "metadata": { "name": "p" }, "status": { "conditions": conditions } });
        assert_eq!(possible(&pod), ["pod p: Insufficient memory"]);
    }
}
