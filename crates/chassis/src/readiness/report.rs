use std::time::Duration;

use serde::{Serialize, Serializer};

use super::dependency::Class;
use super::verdict::State;

/// What is known of a dependency, for operators. As JSON, times are whole milliseconds.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct DependencyReport {
    /// Its name.
    pub name: &'static str,
    /// What the service is without it.
    pub class: Class,
    /// Whether all replicas use the same one.
    pub shared: bool,
    /// Whether it works.
    pub state: State,
    /// Why the last check failed, when it did. One that is up may have a reason, as long as failures are too few to
    /// call it down.
    pub reason: Option<&'static str>,
    /// What the dependency itself said then: an SQLSTATE, or a short sentence. Not of a closed set.
    pub code: Option<String>,
    /// Whether it keeps the replica from being ready.
    pub blocks_readiness: bool,
    /// Time since the last check ended; much more than a period and a timeout means that nothing is checked any more.
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
