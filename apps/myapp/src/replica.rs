//! State and digests of one replica, in a form that other replicas can compare.

use std::time::{SystemTime, UNIX_EPOCH};

use chassis::readiness::{DependencyReport, State as Known};
use live_config::{Snapshot, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::Settings;

/// State and digests of one replica; nothing a stranger could use.
#[derive(Deserialize, JsonSchema, Serialize)]
pub(crate) struct Digests {
    /// One word for people, the worst that holds.
    pub(crate) state: String,
    /// Outcome of the last configuration that was found.
    pub(crate) apply: String,
    /// Reasons for which that configuration is not in force; empty if it is.
    pub(crate) reasons: Vec<String>,
    /// True if it is retried without a change, which is so exactly where a retry can help.
    pub(crate) retrying: bool,
    /// Time at which `apply` began to hold, in seconds since 1970.
    pub(crate) since: u64,
    /// Comparison of the mounted configuration with the rendered one.
    pub(crate) release: String,
    /// Keys held by the environment.
    pub(crate) pinned: Vec<String>,
    /// Number of configurations that this process has run with.
    pub(crate) generation: u64,
    /// The seal that the release published.
    pub(crate) rendered: Option<String>,
    /// The same sum over the mounted files.
    pub(crate) mounted: String,
    /// The same sum over the configuration in force.
    pub(crate) running: String,
    /// True if the replica takes traffic. One of a version that does not report it counts as ready.
    #[serde(default = "unreported")]
    pub(crate) ready: bool,
    /// True if the replica drains, and is therefore not ready.
    #[serde(default)]
    pub(crate) stopping: bool,
    /// Dependencies of the replica, each with its state.
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
}

const fn unreported() -> bool {
    true
}

/// One dependency of one replica.
#[derive(Deserialize, JsonSchema, Serialize)]
pub(crate) struct Dependency {
    name: String,
    /// True if all replicas use the same one.
    shared: bool,
    /// `None` before the first check has ended.
    up: Option<bool>,
    /// Reason of a failed last check: one of a closed set.
    reason: Option<String>,
    /// Code from the dependency itself: an SQLSTATE, or a short sentence.
    code: Option<String>,
    /// True if it keeps the replica from being ready.
    blocks_readiness: bool,
    /// Time since the last check ended.
    age_ms: Option<u64>,
}

impl From<DependencyReport> for Dependency {
    fn from(report: DependencyReport) -> Self {
        Self {
            name: report.name.into(),
            shared: report.shared,
            up: match report.state {
                Known::Unknown => None,
                Known::Up => Some(true),
                Known::Down => Some(false),
            },
            reason: report.reason.map(str::to_owned),
            code: report.code,
            blocks_readiness: report.blocks_readiness,
            age_ms: report.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
        }
    }
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
    pub(crate) fn of_configuration(status: &Status, snapshot: &Snapshot<Settings>) -> Self {
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
            running: snapshot.sums.mounted.clone(),
            ready: unreported(),
            stopping: false,
            dependencies: Vec::new(),
        }
    }
}

/// Converts to seconds since 1970; 0 for an earlier time.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
