//! Report on a dependency.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::dependency::Class;
use super::verdict::State;

/// State of a dependency, for operators. In JSON, times are whole milliseconds.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DependencyReport {
    /// Name.
    pub name: &'static str,
    /// Effect of an outage.
    pub class: Class,
    /// True if all replicas use the same resource.
    pub shared: bool,
    /// State.
    pub state: State,
    /// Reason for which the last check failed, if it did. A dependency that is up may have a reason, while the failures are too
    /// few to change its state.
    pub reason: Option<&'static str>,
    /// Code from the dependency itself: an SQLSTATE, or a short sentence. Not from a closed set.
    pub code: Option<String>,
    /// True if the dependency keeps the replica unready.
    pub blocks_readiness: bool,
    /// Time since the last check ended. If it is much longer than period and timeout together, the sampler has stopped.
    #[serde(rename = "age_ms", serialize_with = "milliseconds")]
    pub age: Option<Duration>,
    /// Time since the state changed.
    #[serde(rename = "unchanged_ms", serialize_with = "milliseconds")]
    pub unchanged: Option<Duration>,
}

fn milliseconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    let whole = time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    whole.serialize(serializer)
}
