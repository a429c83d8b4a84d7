//! When a generation that was rolled back is tried again, and what is reported meanwhile.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use live_config::{
    Apply, Changes, Committed, Contract, Driver, Event, Live, Loaded, Participant, Prepared, Refusal,
    Snapshot, Sources, State, Status, Step, Timing,
};
use tempfile::TempDir;
use test_support::wait::within;
use tokio::sync::broadcast::Receiver;
use tokio::task::JoinHandle;

use crate::kubelet::{Kubelet, eager};
use crate::{DEADLINE, Settings, objection, until};

/// Refuses while preparing, vetoes while observed, or lets a generation hold.
#[derive(Clone, Debug)]
enum Mood {
    Refuses(Refusal),
    Vetoes(Refusal),
    Holds,
}

#[derive(Clone)]
struct Moody(Arc<Mutex<Mood>>);

impl Moody {
    fn set(&self, mood: Mood) {
        *self.0.lock().unwrap() = mood;
    }

    fn mood(&self) -> Mood {
        self.0.lock().unwrap().clone()
    }
}

impl Participant<Settings> for Moody {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn prepare(&self, _: Arc<Snapshot<Settings>>, _: &Changes) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let moody = self.clone();
        Box::pin(async move {
            match moody.mood() {
                Mood::Refuses(refusal) => Err(refusal),
                Mood::Vetoes(_) | Mood::Holds => Ok(Box::new(moody) as Box<dyn Prepared>),
            }
        })
    }
}

impl Prepared for Moody {
    fn commit(self: Box<Self>) -> Box<dyn Committed> {
        self
    }
}

impl Committed for Moody {
    fn observe(&mut self) -> Option<Step<Result<(), Refusal>>> {
        let mood = self.mood();
        Some(Box::pin(async move {
            match mood {
                Mood::Vetoes(refusal) => Err(refusal),
                Mood::Refuses(_) | Mood::Holds => std::future::pending().await,
            }
        }))
    }

    fn roll_back(self: Box<Self>) {}
}

struct Scene {
    moody: Moody,
    kubelet: Kubelet,
    live: Live<Settings>,
    events: Receiver<Event<Settings>>,
    driver: JoinHandle<()>,
    _directory: TempDir,
}

impl Scene {
    fn start(mood: Mood, retry_first: Duration) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let kubelet = Kubelet::new(directory.path());
        kubelet.write(0);
        let contract = Contract::of::<Settings>().unwrap();
        let sources = Sources::default().directory(directory.path());
        let loaded = Loaded::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
        let moody = Moody(Arc::new(Mutex::new(mood)));
        let observe = Duration::from_millis(30);
        let timing = Timing { observe, retry_first, retry_longest: Duration::from_secs(60), ..eager() };
        let (live, driver) = Driver::new(contract, sources, loaded, vec![Arc::new(moody.clone())], timing);
        let events = live.events();
        let driver = tokio::spawn(driver.run());
        Self { moody, kubelet, live, events, driver, _directory: directory }
    }

    async fn until(&self, what: &str, holds: impl FnMut(&Status) -> bool) -> Status {
        until(&self.live, what, holds).await
    }

    /// The names of the events sent so far.
    fn reported(&mut self) -> Vec<&'static str> {
        std::iter::from_fn(|| self.events.try_recv().ok())
            .map(|event| match event {
                Event::Committed { .. } => "committed",
                Event::Rejected { .. } => "rejected",
                Event::RolledBack { .. } => "rolled back",
                Event::Restored => "restored",
                Event::Pending { .. } => "pending",
                Event::Unknown(_) => "unknown",
            })
            .collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn veto() -> Mood {
    Mood::Vetoes(Refusal::transient("the server is full"))
}

fn deferral(by: Duration) -> Mood {
    Mood::Refuses(Refusal::deferred("not yet", by))
}

fn rolled_back(retrying: bool) -> Apply {
    Apply::RolledBack { reason: objection("moody", "the server is full"), retrying }
}

#[tokio::test]
async fn a_transient_veto_is_retried_until_it_holds() {
    let scene = Scene::start(veto(), Duration::from_millis(10));
    scene.kubelet.write(1);
    scene.until("the third rollback", |status| status.reloads.rolled_back == 3).await;
    let status = scene.until("generation 1 again", |status| status.generation == 1).await;
    assert_eq!(status.apply, rolled_back(true));
    scene.moody.set(Mood::Holds);
    let status = scene.until("convergence", |status| status.apply == Apply::Converged).await;
    assert_eq!(scene.live.load().settings.token.expose(), "t1");
    // Each try was of the same configuration, so it has one number.
    assert_eq!((status.generation, status.reloads.committed), (2, 1));
    assert_eq!(scene.live.snapshot().generation, 2);
}

#[tokio::test]
async fn deferred_configuration_is_pending_until_its_time() {
    let mut scene = Scene::start(deferral(Duration::from_millis(10)), Duration::from_millis(10));
    scene.kubelet.write(1);
    let status = scene.until("a wait", |status| status.state() == State::Pending).await;
    let reasons = vec![objection("moody", "not yet")];
    assert_eq!(status.apply, Apply::Pending { reasons, retrying: true });
    scene.moody.set(Mood::Holds);
    let status = scene.until("its time", |status| status.apply == Apply::Converged).await;
    assert_eq!((status.reloads.pending, status.reloads.committed), (1, 1), "a wait counts once");
    assert_eq!(scene.reported(), ["pending", "committed"]);
}

#[tokio::test]
async fn newer_configuration_takes_the_place_of_deferred_one() {
    let scene = Scene::start(deferral(DEADLINE), Duration::from_millis(10));
    scene.kubelet.write(1);
    scene.until("a wait", |status| status.state() == State::Pending).await;
    scene.moody.set(Mood::Holds);
    scene.kubelet.write(2);
    scene.until("the newer one", |status| status.apply == Apply::Converged).await;
    assert_eq!(scene.live.load().settings.token.expose(), "t2");
}

#[tokio::test]
async fn flapping_veto_is_reported_once_with_first_date() {
    let mut scene = Scene::start(veto(), Duration::from_millis(10));
    scene.kubelet.write(1);
    let first = scene.until("a rollback", |status| status.apply == rolled_back(true)).await;
    let since = |status: &Status| -> SystemTime { status.apply_since };
    let watched = {
        let mut status = scene.live.watch_status();
        async move {
            let changed = status.wait_for(|status| since(status) != since(&first)).await;
            changed.unwrap().apply.clone()
        }
    };
    scene.until("the fourth rollback", |status| status.reloads.rolled_back == 4).await;
    assert_eq!(scene.reported(), ["committed", "rolled back"]);
    scene.moody.set(Mood::Holds);
    assert_eq!(within(DEADLINE, "another date", watched).await, Apply::Converged);
    tokio::task::yield_now().await;
    assert_eq!(scene.reported(), ["committed"]);
}

#[tokio::test]
async fn each_veto_makes_the_wait_longer() {
    let scene = Scene::start(veto(), Duration::from_millis(20));
    scene.kubelet.write(1);
    scene.until("the fourth rollback", |status| status.reloads.rolled_back == 4).await;
    let fourth = tokio::time::Instant::now();
    scene.until("the fifth rollback", |status| status.reloads.rolled_back == 5).await;
    // 20 ms doubled three times, and the preparation and the commit.
    assert!(fourth.elapsed() >= Duration::from_millis(160), "{:?}", fourth.elapsed());
}

#[tokio::test]
async fn alternating_refusals_and_vetoes_are_reported_once_each() {
    let mut scene = Scene::start(veto(), Duration::from_millis(5));
    scene.kubelet.write(1);
    for round in 1..=3 {
        scene.moody.set(Mood::Refuses(Refusal::transient("the server is away")));
        scene
            .until("the next rejection", |status| {
                status.apply.as_str() == "rejected" && status.reloads.rejected >= round
            })
            .await;
        scene.moody.set(veto());
        scene.until("a rollback", |status| status.apply == rolled_back(true)).await;
    }
    let mut reported = scene.reported();
    reported.sort_unstable();
    assert_eq!(reported, ["committed", "rejected", "rolled back"]);
}

#[tokio::test]
async fn permanent_refusal_is_not_retried_automatically() {
    let scene = Scene::start(Mood::Refuses(Refusal::permanent("needs a restart")), Duration::from_millis(5));
    scene.kubelet.write(1);
    let status = scene.until("a rejection", |status| status.apply.as_str() == "rejected").await;
    assert!(!status.apply.retrying());
    scene.moody.set(Mood::Vetoes(Refusal::permanent("the server is full")));
    scene.live.reload().await;
    let status = scene.until("a rollback", |status| status.apply.as_str() == "rolled_back").await;
    assert_eq!(status.apply, rolled_back(false));
    scene.moody.set(Mood::Holds);
    // Only an explicit reload tries it again.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(scene.live.status().apply, rolled_back(false));
    scene.live.reload().await;
    scene
        .until("generation 2 to be in force", |status| {
            status.apply == Apply::Converged && status.generation == 2
        })
        .await;
}

#[tokio::test]
async fn another_content_ends_the_retries() {
    let scene = Scene::start(veto(), Duration::from_millis(10));
    scene.kubelet.write(1);
    scene.until("a rollback", |status| status.apply == rolled_back(true)).await;
    scene.moody.set(Mood::Holds);
    scene.kubelet.write(2);
    scene
        .until("a later generation to be in force", |status| {
            status.apply == Apply::Converged && status.generation > 1
        })
        .await;
    scene.until("token t2", |_| scene.live.load().settings.token.expose() == "t2").await;
}
