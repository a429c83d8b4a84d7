//! Power failures, as far as a test can have them: what was acknowledged is there afterwards, once.
//!
//! `MYAPP_TEST_KILL_SECONDS=300` makes each test run for that long.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use myapp::store::AccessFilter;

use crate::http::{self, until_true};
use crate::postgres::Server;
use crate::process::Serving;
use crate::service::Service;

const ORDINARY_SECONDS: u64 = 20;
const CLIENTS: usize = 4;

/// What the clients ask, and what they were told is kept.
#[derive(Default)]
struct Clients {
    /// Where the service is now; nobody where it is down.
    operator: Mutex<Option<SocketAddr>>,
    stop: AtomicBool,
    asked: AtomicUsize,
    acknowledged: Mutex<BTreeSet<String>>,
}

impl Clients {
    /// Asks for reveals under names of their own until told to stop.
    fn ask(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let Some(operator) = *self.operator.lock().unwrap() else {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            };
            let name = format!("r{}", self.asked.fetch_add(1, Ordering::Relaxed));
            let answer = http::try_get(operator, "/config", &[("X-Request-Id", &name)]);
            if answer.is_some_and(|answer| answer.status == 200) {
                self.acknowledged.lock().unwrap().insert(name);
            }
        }
    }

    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Waits until some more were acknowledged.
    fn are_served(&self) {
        let before = self.acknowledged();
        until_true("served", || self.acknowledged() > before + 5);
    }
}

fn end_of_test() -> Instant {
    let seconds = std::env::var("MYAPP_TEST_KILL_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Instant::now() + Duration::from_secs(seconds.unwrap_or(ORDINARY_SECONDS))
}

/// Runs clients beside `kills`, and returns them with what they know.
fn under_load(kills: impl FnOnce(&Clients)) -> Clients {
    let clients = Clients::default();
    std::thread::scope(|scope| {
        (0..CLIENTS).for_each(|_| drop(scope.spawn(|| clients.ask())));
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| kills(&clients)));
        clients.stop.store(true, Ordering::Relaxed);
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    clients
}

/// A moment that no one chose.
fn pause() {
    let mut random = [0; 2];
    getrandom::fill(&mut random).unwrap();
    std::thread::sleep(Duration::from_millis(u64::from(u16::from_le_bytes(random)) % 1000));
}

fn start_service(clients: &Clients, settings: &[(&str, &str)]) -> Serving {
    let mut serving = Serving::start(&[], settings);
    let [_, _, operator] = serving.addresses();
    *clients.operator.lock().unwrap() = Some(operator);
    serving
}

fn kill_service(clients: &Clients, mut serving: Serving) {
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    *clients.operator.lock().unwrap() = None;
}

/// Each acknowledged record is among `kept`, and none of those is there twice.
fn all_there_once(clients: &Clients, kept: Vec<String>) {
    let all = kept.len();
    let kept: BTreeSet<String> = kept.into_iter().collect();
    assert_eq!(kept.len(), all, "a record is there twice");
    let acknowledged = clients.acknowledged.lock().unwrap();
    let lost: Vec<_> = acknowledged.difference(&kept).collect();
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), acknowledged.len());
    let asked = clients.asked.load(Ordering::Relaxed);
    println!("{asked} asked, {} acknowledged, {all} kept, 0 lost", acknowledged.len());
}

#[test]
fn what_was_acknowledged_survives_kills_of_service_and_postgresql() {
    let end = end_of_test();
    let mut server = Server::start(&["fsync=on"]);
    let database = server.database();
    let name = database.name.clone();
    let (url, password) = (database.url(), database.password.clone());
    let settings =
        [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", password.as_str()), ("SECRET_KEY", "hush")];
    let mut kills = (0, 0);
    let clients = under_load(|clients| {
        let mut serving = start_service(clients, &settings);
        while Instant::now() < end {
            clients.are_served();
            pause();
            server.kill();
            kills.0 += 1;
            pause();
            server.restart();
            // By the same process as before.
            clients.are_served();
            pause();
            kill_service(clients, serving);
            kills.1 += 1;
            serving = start_service(clients, &settings);
        }
        clients.are_served();
    });
    let kept = server.sql(&name, "SELECT request_id FROM accesses WHERE kind = 'reveal'");
    all_there_once(&clients, kept.lines().map(str::to_owned).collect());
    println!("PostgreSQL killed {} times, the service {} times", kills.0, kills.1);
}

#[test]
fn what_was_acknowledged_survives_kills_with_sqlite() {
    let end = end_of_test();
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", PathBuf::from(directory.path()).join("own.db").display());
    let settings = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", "hush")];
    let clients = under_load(|clients| {
        while Instant::now() < end {
            let serving = start_service(clients, &settings);
            clients.are_served();
            pause();
            kill_service(clients, serving);
        }
    });
    let service = Service::start(&[], &settings);
    let (mut kept, mut after) = (Vec::new(), None);
    loop {
        let read = service.store.accesses(AccessFilter::default(), after, 1000);
        let page = service.runtime.block_on(read).unwrap();
        kept.extend(page.rows.into_iter().filter_map(|row| row.request_id));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    all_there_once(&clients, kept);
}
