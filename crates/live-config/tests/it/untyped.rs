//! Contracts without a settings type, as a process in front of a service has them.

use std::sync::Arc;
use std::time::Duration;

use live_config::{
    Apply, Changes, Committed, Contract, Driver, Loaded, OnChange, Participant, Prepared, Refusal, Snapshot,
    Sources, State, Step, Timing,
};
use serde::de::IgnoredAny;
use serde_json::json;

use crate::kubelet::eager;
use crate::{until, write};

/// Acknowledges each generation.
struct Acknowledges;

impl Participant<IgnoredAny> for Acknowledges {
    fn name(&self) -> &'static str {
        "service"
    }

    fn prepare(&self, _: Arc<Snapshot<IgnoredAny>>, _: &Changes) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        Box::pin(async { Ok(Box::new(Self) as Box<dyn Prepared>) })
    }
}

impl Prepared for Acknowledges {
    fn commit(self: Box<Self>) -> Box<dyn Committed> {
        self
    }
}

impl Committed for Acknowledges {
    fn observe(&mut self) -> Option<Step<Result<(), Refusal>>> {
        Some(Box::pin(async { Ok(()) }))
    }

    fn roll_back(self: Box<Self>) {}
}

fn contract() -> Contract {
    let schema = json!({
        "type": "object",
        "required": ["PORT"],
        "properties": {
            "PORT": { "type": "integer", "minimum": 1, "maximum": 65535, "x-on-change": "restart" },
            "MODE": { "type": "string", "enum": ["quiet", "loud"], "default": "quiet" },
        },
    });
    Contract::from_schema(schema).unwrap()
}

#[tokio::test]
async fn acknowledged_change_settles_before_window_ends() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("PORT", b"80")]);
    let contract = contract().with_effects(|_| OnChange::Prepare);
    let sources = Sources::default().directory(directory.path());
    let loaded = Loaded::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
    let timing = Timing { observe: Duration::from_secs(3600), ..eager() };
    let (live, driver) = Driver::new(contract, sources, loaded, vec![Arc::new(Acknowledges)], timing);
    let driver = tokio::spawn(driver.run());
    for (changes, port) in (1..).zip([b"81", b"82"]) {
        write(directory.path(), &[("PORT", port)]);
        let is_settled = |status: &live_config::Status| {
            status.reloads.committed == changes && status.apply == Apply::Converged
        };
        until(&live, "a settled change", is_settled).await;
    }
    assert_eq!(live.snapshot().values["PORT"].text.expose(), "82");
    driver.abort();
}

#[tokio::test]
async fn own_effects_of_contract_hold_without_type() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("PORT", b"80")]);
    let contract = contract();
    let sources = Sources::default().directory(directory.path());
    let loaded =
        Loaded::<IgnoredAny>::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), eager());
    let driver = tokio::spawn(driver.run());
    write(directory.path(), &[("MODE", b"loud")]);
    until(&live, "a change", |status| status.generation == 2).await;
    write(directory.path(), &[("PORT", b"81")]);
    until(&live, "a change that waits", |status| status.state() == State::Pending).await;
    driver.abort();
}
