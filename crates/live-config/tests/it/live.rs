//! The transaction, step by step, on real directories.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use live_config::{
    Apply, Changes, Committed, Contract, Driver, Event, Live, Loaded, Participant, Prepared, Refusal,
    ReleaseState, Snapshot, Sources, Status, Step, Timing, Watching,
};
use tempfile::{TempDir, tempdir};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{DEADLINE, Settings, mount, objection, until};

fn timing() -> Timing {
    Timing {
        debounce: Duration::from_millis(5),
        poll: Duration::from_millis(100),
        prepare: Duration::from_millis(200),
        observe: Duration::from_millis(50),
        retry_first: Duration::from_millis(20),
        retry_longest: Duration::from_millis(40),
    }
}

struct Scene {
    directory: TempDir,
    live: Live<Settings>,
    driver: JoinHandle<()>,
}

impl Scene {
    fn start(participants: Vec<Arc<dyn Participant<Settings>>>, environment: &[(&str, &str)]) -> Self {
        let directory = tempdir().unwrap();
        mount(directory.path(), &[("config/MODE", b"quiet"), ("secrets/TOKEN", b"t0")]);
        let contract = Contract::of::<Settings>().unwrap();
        let sources = Sources::default().directory(directory.path()).environment(environment.iter().copied());
        let loaded = Loaded::read(&contract, &sources).unwrap_or_else(|p| panic!("{p}"));
        let (live, driver) = Driver::new(contract, sources, loaded, participants, timing());
        Self { directory, live, driver: tokio::spawn(driver.run()) }
    }

    fn swap(&self, files: &[(&str, &[u8])]) {
        mount(self.path(), files);
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    async fn until(&self, what: &str, holds: impl FnMut(&Status) -> bool) -> Status {
        until(&self.live, what, holds).await
    }

    fn mode(&self) -> String {
        self.live.load().settings.mode.clone()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A participant with scripted answers that records its calls.
#[derive(Default)]
struct Puppet {
    refusals: AtomicUsize,
    hangs: AtomicBool,
    panics: AtomicBool,
    vetoes: AtomicBool,
    diary: Arc<Mutex<Vec<String>>>,
}

impl Puppet {
    fn diary(&self) -> Vec<String> {
        self.diary.lock().unwrap().clone()
    }
}

struct Part {
    mode: String,
    vetoes: bool,
    diary: Arc<Mutex<Vec<String>>>,
}

impl Part {
    fn note(&self, what: &str) {
        self.diary.lock().unwrap().push(format!("{what} {}", self.mode));
    }
}

impl Participant<Settings> for Puppet {
    fn name(&self) -> &'static str {
        "puppet"
    }

    fn prepare(
        &self,
        next: Arc<Snapshot<Settings>>,
        changes: &Changes,
    ) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        assert!(!changes.is_empty());
        let refuses =
            self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        let (hangs, panics) = (self.hangs.load(Ordering::SeqCst), self.panics.load(Ordering::SeqCst));
        let part = Part {
            mode: next.settings.mode.clone(),
            vetoes: self.vetoes.load(Ordering::SeqCst),
            diary: Arc::clone(&self.diary),
        };
        Box::pin(async move {
            part.note("prepare");
            if hangs {
                std::future::pending::<()>().await;
            }
            assert!(!panics, "with {}", part.mode);
            if refuses { Err(Refusal::transient("not yet")) } else { Ok(Box::new(part) as Box<dyn Prepared>) }
        })
    }
}

impl Prepared for Part {
    fn commit(self: Box<Self>) -> Box<dyn Committed> {
        self.note("commit");
        self
    }
}

impl Committed for Part {
    fn observe(&mut self) -> Option<Step<Result<(), Refusal>>> {
        let step: Step<Result<(), Refusal>> = if self.vetoes {
            Box::pin(async { Err(Refusal::permanent("it fails")) })
        } else {
            Box::pin(std::future::pending())
        };
        Some(step)
    }

    fn settle(self: Box<Self>) {
        self.note("settle");
    }

    fn roll_back(self: Box<Self>) {
        self.note("roll back");
    }
}

#[tokio::test]
async fn change_commits_whole_and_settles() {
    let puppet = Arc::new(Puppet::default());
    let scene = Scene::start(vec![puppet.clone()], &[]);
    let mut events = scene.live.events();
    let held = scene.live.snapshot();

    scene.swap(&[("config/MODE", b"loud"), ("secrets/TOKEN", b"t1")]);
    let status = scene.until("settled", |s| s.generation == 2 && s.apply == Apply::Converged).await;
    assert_eq!((scene.mode().as_str(), scene.live.load().settings.token.expose()), ("loud", "t1"));
    assert_eq!((status.state().as_str(), status.reloads.committed), ("converged", 1));
    assert_eq!(puppet.diary(), ["prepare loud", "commit loud", "settle loud"]);
    assert_eq!(
        (held.generation, held.settings.mode.as_str()),
        (1, "quiet"),
        "a held snapshot stays as it was"
    );

    let Ok(Event::Committed { old, new, changes }) = events.recv().await else { panic!("no event") };
    assert_eq!((old.generation, new.generation), (1, 2));
    assert_eq!(changes.keys().collect::<Vec<_>>(), ["MODE", "TOKEN"]);
}

#[tokio::test]
async fn invalid_change_is_rejected_once_old_generation_serves() {
    let puppet = Arc::new(Puppet::default());
    let scene = Scene::start(vec![puppet.clone()], &[]);
    scene.swap(&[("config/MODE", b"shrill"), ("secrets/TOKEN", b"hush-hush-hush-hush-hush")]);
    let status = scene.until("rejected", |s| s.state().as_str() == "rejected").await;
    let Apply::Rejected { reasons, retrying: false } = &status.apply else { panic!("{status:?}") };
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(!format!("{reasons:?}").contains("hush"), "{reasons:?}");
    assert_eq!((scene.mode().as_str(), status.generation), ("quiet", 1));

    // Several polls later it has still been refused once: it waits for a change.
    assert_eq!(scene.live.reload().await.unwrap().as_str(), "rejected");
    let refused = scene.live.status().reloads.rejected;
    tokio::time::sleep(timing().poll * 3).await;
    assert_eq!(scene.live.status().reloads.rejected, refused);
    assert!(puppet.diary().is_empty());

    scene.swap(&[("config/MODE", b"loud"), ("secrets/TOKEN", b"t1")]);
    scene.until("healed", |s| s.apply == Apply::Converged && s.generation == 2).await;
}

#[tokio::test]
async fn restored_content_clears_refusal() {
    let scene = Scene::start(Vec::new(), &[]);
    let mut events = scene.live.events();
    scene.live.reload().await.unwrap();
    scene.swap(&[("config/MODE", b"shrill"), ("secrets/TOKEN", b"t0")]);
    scene.until("rejected", |s| s.state().as_str() == "rejected").await;
    scene.swap(&[("config/MODE", b"quiet"), ("secrets/TOKEN", b"t0")]);
    scene.until("converged", |s| s.apply == Apply::Converged).await;
    assert_eq!(scene.live.status().generation, 1, "nothing had to be applied");
    assert!(matches!(events.recv().await, Ok(Event::Rejected { .. })));
    assert!(matches!(timeout(DEADLINE, events.recv()).await.unwrap(), Ok(Event::Restored)));
}

#[tokio::test]
async fn failed_preparation_is_retried_until_success() {
    let puppet = Arc::new(Puppet { refusals: AtomicUsize::new(3), ..Puppet::default() });
    let scene = Scene::start(vec![puppet.clone()], &[]);
    scene.swap(&[("config/MODE", b"loud"), ("secrets/TOKEN", b"t0")]);
    let status = scene.until("rejected", |s| s.state().as_str() == "rejected").await;
    assert_eq!(status.apply.reasons(), [objection("puppet", "not yet")]);
    assert!(matches!(status.apply, Apply::Rejected { retrying: true, .. }));
    scene.until("healed", |s| s.apply == Apply::Converged && s.generation == 2).await;
    assert_eq!(puppet.diary().iter().filter(|line| *line == "prepare loud").count(), 4);
}

#[tokio::test]
async fn hanging_or_panicking_preparation_is_refused_without_message() {
    let puppet = Arc::new(Puppet { hangs: AtomicBool::new(true), ..Puppet::default() });
    let scene = Scene::start(vec![puppet.clone()], &[]);
    scene.swap(&[("config/MODE", b"loud"), ("secrets/TOKEN", b"t0")]);
    let status = scene.until("rejected", |s| s.state().as_str() == "rejected").await;
    assert_eq!(status.apply.reasons(), [objection("puppet", "not ready within 200ms")]);
    puppet.panics.store(true, Ordering::SeqCst);
    puppet.hangs.store(false, Ordering::SeqCst);
    let panicked = |s: &Status| s.apply.reasons() == [objection("puppet", "panicked while preparing")];
    scene.until("refused for the panic", panicked).await;
    puppet.panics.store(false, Ordering::SeqCst);
    scene.until("healed", |s| s.apply == Apply::Converged && s.generation == 2).await;
}

#[tokio::test]
async fn unready_participant_blocks_commit_of_all_others() {
    let (ready, late) = (Arc::new(Puppet::default()), Arc::new(Puppet::default()));
    late.refusals.store(usize::MAX, Ordering::SeqCst);
    let scene = Scene::start(vec![ready.clone(), late.clone()], &[]);
    scene.swap(&[("config/MODE", b"loud"), ("secrets/TOKEN", b"t0")]);
    scene.until("rejected", |s| s.state().as_str() == "rejected").await;
    assert!(ready.diary().iter().all(|line| line == "prepare loud"), "{:?}", ready.diary());
    assert_eq!(scene.mode(), "quiet");
}

#[tokio::test]
async fn permanent_veto_is_rolled_back_without_retry() {
    let puppet = Arc::new(Puppet { vetoes: AtomicBool::new(true), ..Puppet::default() });
    let scene = Scene::start(vec![puppet.clone()], &[]);
    let mut events = scene.live.events();
    scene.swap(&[("config/MODE", b"loud"), ("secrets/TOKEN", b"t0")]);
    let status = scene.until("rolled back", |s| s.state().as_str() == "rolled_back").await;
    assert_eq!(status.apply, Apply::RolledBack { reason: objection("puppet", "it fails"), retrying: false });
    assert_eq!((scene.mode().as_str(), status.generation, status.reloads.rolled_back), ("quiet", 1, 1));
    tokio::time::sleep(timing().poll * 3).await;
    assert_eq!(puppet.diary(), ["prepare loud", "commit loud", "roll back loud"]);
    assert!(matches!(events.recv().await, Ok(Event::Committed { new, .. }) if new.generation == 2));
    assert!(
        matches!(events.recv().await, Ok(Event::RolledBack { in_force, .. }) if in_force.generation == 1)
    );

    puppet.vetoes.store(false, Ordering::SeqCst);
    scene.swap(&[("config/MODE", b"server"), ("secrets/TOKEN", b"t0"), ("secrets/PASSWORD", b"p")]);
    scene.until("healed", |s| s.apply == Apply::Converged && s.generation == 3).await;
}

#[tokio::test]
async fn environment_key_stays_pinned_despite_mounted_value() {
    let scene = Scene::start(Vec::new(), &[("MODE", "quiet")]);
    scene.swap(&[("config/MODE", b"loud"), ("secrets/TOKEN", b"t1")]);
    let status = scene.until("converged", |s| s.generation == 2 && s.apply == Apply::Converged).await;
    assert_eq!(
        (status.state().as_str(), status.pinned.as_slice()),
        ("pinned", ["MODE".to_owned()].as_slice())
    );
    assert_eq!((scene.mode().as_str(), scene.live.load().settings.token.expose()), ("quiet", "t1"));
}

#[tokio::test]
async fn edit_shows_as_drift_while_in_force() {
    let scene = Scene::start(Vec::new(), &[]);
    let seal = live_config::seal([("MODE", b"quiet".as_slice())]);
    let sealed = |mode: &'static [u8]| {
        [("config/MODE", mode), ("config/CONFIG_SEAL", seal.as_bytes()), ("secrets/TOKEN", b"t0")]
    };
    scene.swap(&sealed(b"loud"));
    let status = scene.until("in force", |s| s.generation == 2 && s.apply == Apply::Converged).await;
    assert_eq!((status.state().as_str(), status.release()), ("drifted", ReleaseState::Drifted));
    scene.swap(&sealed(b"quiet"));
    scene
        .until("healed", |s| s.state().as_str() == "converged" && s.release() == ReleaseState::Matches)
        .await;
}

#[tokio::test]
async fn removed_directory_is_rejected_and_heals_when_restored() {
    let scene = Scene::start(Vec::new(), &[]);
    let moved = tempdir().unwrap();
    let away = moved.path().join("away");
    std::fs::rename(scene.path(), &away).unwrap();
    scene.until("rejected", |s| s.state().as_str() == "rejected").await;
    assert_eq!(scene.mode(), "quiet");
    std::fs::rename(&away, scene.path()).unwrap();
    let status = scene.until("healed", |s| s.apply == Apply::Converged).await;
    assert_eq!(status.watching, Watching::Events);
}

#[tokio::test]
async fn reloads_asked_for_at_once_are_folded() {
    let puppet = Arc::new(Puppet::default());
    let scene = Scene::start(vec![puppet.clone()], &[]);
    scene.swap(&[("config/MODE", b"loud"), ("secrets/TOKEN", b"t0")]);
    let asks = (0..50).map(|_| {
        let live = scene.live.clone();
        tokio::spawn(async move { live.reload().await })
    });
    for ask in asks.collect::<Vec<_>>() {
        assert!(timeout(DEADLINE, ask).await.unwrap().unwrap().is_some());
    }
    assert_eq!(scene.mode(), "loud");
    assert_eq!(puppet.diary().iter().filter(|line| *line == "commit loud").count(), 1);
}

#[tokio::test]
async fn without_mount_status_reports_no_watching() {
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().environment([("TOKEN", "t0")]);
    let loaded: Loaded<Settings> = Loaded::read(&contract, &sources).unwrap_or_else(|p| panic!("{p}"));
    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), timing());
    let driver = tokio::spawn(driver.run());
    assert!(matches!(live.status().watching, Watching::Nothing(_)));
    assert_eq!(live.reload().await, Some(Apply::Converged));
    driver.abort();
}
