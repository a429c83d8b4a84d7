//! Times of retried preparations, and the status and events meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use live_config::{
    Apply, Changes, Committed, Contract, Driver, Event, Live, Loaded, Participant, Prepared, Refusal,
    Snapshot, Sources, Step, Timing,
};
use tokio::time::sleep;

use crate::kubelet::{Kubelet, eager};
use crate::{Settings, until, write};

/// A participant that can be slow, and refuses while `shut` is set.
#[derive(Default)]
struct Gate {
    shut: AtomicBool,
    takes: Duration,
    tries: AtomicUsize,
    ready_at: Arc<Mutex<Option<SystemTime>>>,
}

struct Open;

impl Participant<Settings> for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn prepare(&self, _: Arc<Snapshot<Settings>>, _: &Changes) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        let (shut, takes) = (self.shut.load(Ordering::SeqCst), self.takes);
        let ready_at = Arc::clone(&self.ready_at);
        Box::pin(async move {
            sleep(takes).await;
            *ready_at.lock().unwrap() = Some(SystemTime::now());
            if shut { Err(Refusal::transient("shut")) } else { Ok(Box::new(Open) as Box<dyn Prepared>) }
        })
    }
}

impl Prepared for Open {
    fn commit(self: Box<Self>) -> Box<dyn Committed> {
        self
    }
}

impl Committed for Open {
    fn roll_back(self: Box<Self>) {}
}

fn timing() -> Timing {
    Timing { retry_first: Duration::from_millis(20), retry_longest: Duration::from_secs(60), ..eager() }
}

fn start(directory: &Path, gate: &Arc<Gate>) -> (Kubelet, Live<Settings>, Driver<Settings>) {
    let kubelet = Kubelet::new(directory);
    kubelet.write(0);
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().directory(directory);
    let loaded = Loaded::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
    let (live, driver) = Driver::new(contract, sources, loaded, vec![gate.clone()], timing());
    (kubelet, live, driver)
}

#[tokio::test]
async fn failures_back_off_without_new_event_or_date() {
    let gate = Arc::new(Gate { shut: AtomicBool::new(true), ..Gate::default() });
    let directory = tempfile::tempdir().unwrap();
    let (kubelet, live, driver) = start(directory.path(), &gate);
    let mut events = live.events();
    let driver = tokio::spawn(driver.run());
    kubelet.write(1);
    until(&live, "a rejection", |status| matches!(status.apply, Apply::Rejected { .. })).await;
    let since = live.status().apply_since;
    until(&live, "the fifth rejection", |status| status.reloads.rejected == 5).await;
    sleep(Duration::from_millis(100)).await;
    // 20 ms that are doubled each time: the sixth try is due 320 ms after the fifth.
    assert_eq!(gate.tries.load(Ordering::SeqCst), 5);
    assert_eq!(live.status().apply_since, since);
    assert!(matches!(events.try_recv(), Ok(Event::Rejected { retrying: true, .. })));
    assert!(events.try_recv().is_err(), "the same refusal was told twice");
    driver.abort();
}

#[tokio::test]
async fn repeated_reload_calls_do_not_postpone_retry() {
    let gate = Arc::new(Gate { shut: AtomicBool::new(true), ..Gate::default() });
    let directory = tempfile::tempdir().unwrap();
    let (kubelet, live, driver) = start(directory.path(), &gate);
    let driver = tokio::spawn(driver.run());
    kubelet.write(1);
    for _ in 0..15 {
        assert_eq!(live.reload().await.unwrap().as_str(), "rejected");
    }
    gate.shut.store(false, Ordering::SeqCst);
    until(&live, "generation 2 to be in force", |status| {
        status.apply == Apply::Converged && status.generation == 2
    })
    .await;
    driver.abort();
}

#[tokio::test]
async fn new_change_skips_former_retry_wait() {
    let gate = Arc::new(Gate { shut: AtomicBool::new(true), ..Gate::default() });
    let directory = tempfile::tempdir().unwrap();
    let (kubelet, live, driver) = start(directory.path(), &gate);
    let driver = tokio::spawn(driver.run());
    kubelet.write(1);
    until(&live, "the fourth rejection", |status| status.reloads.rejected == 4).await;
    gate.shut.store(false, Ordering::SeqCst);
    kubelet.write(2);
    until(&live, "generation 2 to be in force", |status| {
        status.apply == Apply::Converged && status.generation == 2
    })
    .await;
    assert_eq!(live.load().settings.token.expose(), "t2");
    driver.abort();
}

#[tokio::test]
async fn generation_is_dated_from_commit_not_read() {
    let gate = Arc::new(Gate { takes: Duration::from_millis(50), ..Gate::default() });
    let directory = tempfile::tempdir().unwrap();
    let (kubelet, live, driver) = start(directory.path(), &gate);
    let driver = tokio::spawn(driver.run());
    kubelet.write(1);
    until(&live, "generation 2", |status| status.generation == 2).await;
    let ready_at = gate.ready_at.lock().unwrap().unwrap();
    assert!(live.snapshot().since() >= ready_at);
    assert_eq!(live.status().in_force_since, live.snapshot().since());
    driver.abort();
}

#[tokio::test]
async fn where_no_value_changed_nobody_has_to_prepare() {
    let gate = Arc::new(Gate { shut: AtomicBool::new(true), ..Gate::default() });
    let directory = tempfile::tempdir().unwrap();
    let (_, live, driver) = start(directory.path(), &gate);
    let driver = tokio::spawn(driver.run());
    live.reload().await;
    let data = directory.path().join("..data");
    write(&data, &[("config/CONFIG_SEAL", b"0")]);
    assert_eq!(live.reload().await, Some(Apply::Converged));
    assert_eq!(live.snapshot().sums.rendered.as_deref(), Some("0"));
    assert_eq!(gate.tries.load(Ordering::SeqCst), 0);
    driver.abort();
}
