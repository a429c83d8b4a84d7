//! State and digests of one replica, in a form that other replicas can compare.

use std::time::{SystemTime, UNIX_EPOCH};

use live_config::{Snapshot, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The word of a replica that has delivered its configuration to a process from which no acknowledgement is asked.
const DELIVERED: &str = "delivered";

/// State and digests of one replica; nothing a stranger could use.
#[derive(Deserialize, JsonSchema, Serialize)]
pub struct Digests {
    /// One word for people, the worst that holds.
    pub state: String,
    /// Outcome of the last configuration that was found.
    pub apply: String,
    /// Reasons for which that configuration is not in force; empty if it is.
    pub reasons: Vec<String>,
    /// True if it is retried without a change, which is so exactly where a retry can help.
    pub retrying: bool,
    /// Time at which `apply` began to hold, in seconds since 1970.
    pub since: u64,
    /// Comparison of the mounted configuration with the rendered one.
    pub release: String,
    /// Keys held by the environment.
    pub pinned: Vec<String>,
    /// Number of configurations that this process has run with.
    pub generation: u64,
    /// The seal that the release published.
    pub rendered: Option<String>,
    /// The same sum over the mounted files.
    pub mounted: String,
    /// The same sum over the configuration in force; `null` while the process of an agent has acknowledged none.
    // Without the attribute a missing field would count as `null`.
    #[serde(deserialize_with = "Option::deserialize")]
    pub running: Option<String>,
    /// The same sum over the configuration that an agent has delivered to its process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<String>,
    /// True if the replica takes traffic. One of a version that does not report it counts as ready.
    #[serde(default = "unreported")]
    pub ready: bool,
    /// True if the replica drains, and is therefore not ready.
    #[serde(default)]
    pub stopping: bool,
    /// Claim of an agent that restarts its process, or is about to: no two replicas do so at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<String>,
    /// Dependencies of the replica, each with its state.
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
}

const fn unreported() -> bool {
    true
}

/// One dependency of one replica.
#[derive(Deserialize, JsonSchema, Serialize)]
pub struct Dependency {
    /// Name of the dependency.
    pub name: String,
    /// True if all replicas use the same one.
    pub shared: bool,
    /// `None` before the first check has ended.
    pub up: Option<bool>,
    /// Reason of a failed last check: one of a closed set.
    pub reason: Option<String>,
    /// Code from the dependency itself: an SQLSTATE, or a short sentence.
    pub code: Option<String>,
    /// True if it keeps the replica from being ready.
    pub blocks_readiness: bool,
    /// Time since the last check ended.
    pub age_ms: Option<u64>,
}

impl Dependency {
    /// Returns the reason why the dependency keeps the replica from being ready; `None` if it does not.
    pub(crate) fn obstacle(&self) -> Option<String> {
        let Self { name, reason, code, up, .. } = self;
        if !self.blocks_readiness {
            return None;
        }
        Some(match (reason, code, up) {
            (Some(reason), Some(code), _) => format!("{name}: {reason} ({code})"),
            (Some(reason), None, _) => format!("{name}: {reason}"),
            (None, _, None) => format!("{name}: not checked yet"),
            (None, _, Some(_)) => format!("{name}: down"),
        })
    }
}

impl Digests {
    /// Builds the part that concerns the configuration; the replica counts as ready and without dependencies.
    pub fn of_configuration<S>(status: &Status, snapshot: &Snapshot<S>) -> Self {
        Self {
            state: status.state().as_str().into(),
            apply: status.apply.as_str().into(),
            reasons: status.apply.reasons().iter().map(ToString::to_string).collect(),
            retrying: status.apply.retrying(),
            since: unix_seconds(status.apply_since),
            release: status.release().as_str().into(),
            pinned: status.pinned.clone(),
            generation: status.generation,
            rendered: status.found.rendered.clone(),
            mounted: status.found.mounted.clone(),
            running: Some(snapshot.sums.mounted.clone()),
            delivered: None,
            ready: unreported(),
            stopping: false,
            restart: None,
            dependencies: Vec::new(),
        }
    }

    /// Returns true if the configuration is delivered, and nothing acknowledges it.
    pub(crate) fn is_unacknowledged(&self) -> bool {
        self.apply == DELIVERED
    }

    /// Returns the seal that counts: of the configuration in force, or of a delivered one where that is accepted.
    pub(crate) fn seal(&self, accepts_delivered: bool) -> Option<&str> {
        let seal =
            if accepts_delivered && self.is_unacknowledged() { &self.delivered } else { &self.running };
        seal.as_deref()
    }
}

/// Converts to seconds since 1970; 0 for an earlier time.
pub fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::Digests;

    /// Digests of a ready replica that has converged.
    pub(crate) fn digests(running: &str, release: &str) -> Digests {
        Digests {
            state: release.into(),
            apply: "converged".into(),
            reasons: Vec::new(),
            retrying: false,
            since: 0,
            release: release.into(),
            pinned: Vec::new(),
            generation: 1,
            rendered: None,
            mounted: running.into(),
            running: Some(running.into()),
            delivered: None,
            ready: true,
            stopping: false,
            restart: None,
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn service_without_agent_publishes_no_delivered_seal() {
        let text = serde_json::to_string(&digests("ab", "matches")).unwrap();
        assert!(text.contains(r#""mounted":"ab","running":"ab","ready":true"#), "{text}");
    }

    #[test]
    fn missing_running_seal_is_no_null() {
        let mut document = serde_json::to_value(digests("ab", "matches")).unwrap();
        document["running"] = json!(null);
        assert_eq!(serde_json::from_value::<Digests>(document.clone()).unwrap().running, None);
        document.as_object_mut().unwrap().remove("running");
        assert!(serde_json::from_value::<Digests>(document).is_err());
    }
}
