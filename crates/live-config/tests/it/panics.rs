//! A participant that panics, wherever it does, leaves neither half a change nor a dead driver.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use live_config::{
    Apply, Changes, Committed, Contract, Driver, Live, Loaded, Participant, Prepared, Refusal, Snapshot,
    Sources, Status, Step, Timing,
};

use crate::kubelet::{Kubelet, eager, running};
use crate::{Settings, objection, until, write};

#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Prepare,
    PrepareStep,
    Commit,
    Veto,
    VetoStep,
    Settle,
    RollBack,
    Nowhere,
}

/// Panics at one point in the first change, and objects to it if `objects` is set. `held` lists the generations that it holds.
#[derive(Clone)]
struct Part {
    name: &'static str,
    panics: At,
    objects: bool,
    number: usize,
    held: Arc<Mutex<Vec<usize>>>,
}

impl Part {
    fn new(name: &'static str, panics: At, objects: bool) -> Self {
        Self { name, panics, objects, number: 0, held: Arc::new(Mutex::new(vec![0])) }
    }

    fn reaches(&self, point: At) {
        assert!(self.number != 1 || self.panics != point, "a secret word");
    }

    fn held(&self) -> Vec<usize> {
        self.held.lock().unwrap().clone()
    }
}

impl Participant<Settings> for Part {
    fn name(&self) -> &'static str {
        self.name
    }

    fn prepare(
        &self,
        next: Arc<Snapshot<Settings>>,
        _: &Changes,
    ) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let number = next.settings.token.expose()[1..].parse().unwrap();
        let part = Self { number, ..self.clone() };
        part.reaches(At::Prepare);
        Box::pin(async move {
            part.reaches(At::PrepareStep);
            Ok(Box::new(part) as Box<dyn Prepared>)
        })
    }
}

impl Prepared for Part {
    fn commit(self: Box<Self>) -> Box<dyn Committed> {
        self.reaches(At::Commit);
        self.held.lock().unwrap().push(self.number);
        self
    }
}

impl Committed for Part {
    fn observe(&mut self) -> Option<Step<Result<(), Refusal>>> {
        self.reaches(At::Veto);
        let part = self.clone();
        Some(Box::pin(async move {
            part.reaches(At::VetoStep);
            if part.objects && part.number == 1 {
                return Err(Refusal::transient("it fails"));
            }
            std::future::pending().await
        }))
    }

    fn settle(self: Box<Self>) {
        self.reaches(At::Settle);
        self.held.lock().unwrap().remove(0);
    }

    fn roll_back(self: Box<Self>) {
        self.held.lock().unwrap().pop();
        self.reaches(At::RollBack);
    }
}

struct Scene {
    kubelet: Kubelet,
    live: Live<Settings>,
    parts: [Part; 3],
}

fn start(directory: &Path, panics: At, objects: bool) -> (Scene, Driver<Settings>) {
    let kubelet = Kubelet::new(directory);
    kubelet.write(0);
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().directory(directory);
    let loaded = Loaded::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
    let parts = [
        Part::new("before", At::Nowhere, false),
        Part::new("panics", panics, objects),
        Part::new("after", At::Nowhere, false),
    ];
    let participants = parts.iter().map(|part| Arc::new(part.clone()) as Arc<dyn Participant<Settings>>);
    let timing =
        Timing { observe: Duration::from_millis(30), retry_first: Duration::from_secs(3600), ..eager() };
    let (live, driver) = Driver::new(contract, sources, loaded, participants.collect(), timing);
    (Scene { kubelet, live, parts }, driver)
}

/// Status after change 1, in which the middle one of three participants panics. Change 2 comes into force in any case.
async fn outcome(panics: At, objects: bool) -> Status {
    let directory = tempfile::tempdir().unwrap();
    let (scene, driver) = start(directory.path(), panics, objects);
    let driver = tokio::spawn(driver.run());
    let ended = async |count: u64| {
        until(&scene.live, "the end of the change", |status| {
            let reloads = status.reloads;
            reloads.committed + reloads.rejected + reloads.rolled_back == count
                && status.apply != Apply::Applying
        })
        .await
    };
    scene.kubelet.write(1);
    let first = ended(1).await;
    let number = usize::from(first.apply == Apply::Converged);
    assert_eq!(running(&scene.live), number, "{panics:?}");
    for part in &scene.parts {
        assert_eq!(part.held().last(), Some(&number), "{} after {panics:?}", part.name);
    }
    scene.kubelet.write(2);
    assert_eq!(ended(2).await.apply, Apply::Converged);
    assert_eq!(running(&scene.live), 2);
    assert!(scene.parts.iter().all(|part| part.held().last() == Some(&2)));
    driver.abort();
    first
}

#[tokio::test]
async fn panic_in_prepare_is_refusal_without_message() {
    for point in [At::Prepare, At::PrepareStep] {
        let status = outcome(point, false).await;
        let reasons = vec![objection("panics", "panicked while preparing")];
        assert_eq!(status.apply, Apply::Rejected { reasons, retrying: true }, "{point:?}");
    }
}

#[tokio::test]
async fn panic_in_commit_rolls_back_all_others() {
    let status = outcome(At::Commit, false).await;
    let reasons = vec![objection("panics", "panicked while coming into force")];
    assert_eq!(status.apply, Apply::Rejected { reasons, retrying: true });
    assert_eq!(status.generation, 1);
}

#[tokio::test]
async fn while_observed_it_is_no_objection() {
    for point in [At::Veto, At::VetoStep, At::Settle] {
        assert_eq!(outcome(point, false).await.apply, Apply::Converged, "{point:?}");
    }
}

#[tokio::test]
async fn panic_in_rollback_still_rolls_back_others() {
    let status = outcome(At::RollBack, true).await;
    let reason = objection("panics", "it fails; panics: panicked while it was taken back");
    assert_eq!(status.apply, Apply::RolledBack { reason, retrying: true });
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Fragile {
    #[serde(rename = "VALUE", deserialize_with = "fragile")]
    #[schemars(length(max = 9), extend("x-on-change" = "hot", "x-expected" = "any text"))]
    value: String,
}

fn fragile<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value: String = serde::Deserialize::deserialize(deserializer)?;
    assert_ne!(value, "hush");
    Ok(value)
}

#[tokio::test]
async fn panicking_settings_type_is_reported_without_value() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("VALUE", b"fine")]);
    let contract = Contract::of::<Fragile>().unwrap();
    let sources = Sources::default().directory(directory.path());
    let loaded = Loaded::<Fragile>::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), eager());
    let driver = tokio::spawn(driver.run());
    write(directory.path(), &[("VALUE", b"hush")]);
    let apply = live.reload().await.unwrap();
    assert!(apply.reasons()[0].message.contains("a defect of the program"), "{apply:?}");
    assert!(!apply.reasons()[0].message.contains("hush"), "{apply:?}");
    assert_eq!(live.load().settings.value, "fine");
    driver.abort();
}
