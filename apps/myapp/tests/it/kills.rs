//! Simulated power failures: every acknowledged record is found afterwards, exactly once.
//!
//! `MYAPP_TEST_KILL_SECONDS=300` makes each test run for that long.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use test_support::http::raw::blocking::try_get;
use test_support::postgres::Server;
use test_support::wait::until;
use tokio::runtime::Runtime;

use crate::DEADLINE;
use crate::process::{PORTS, Serving, myapp};

const ORDINARY_SECONDS: u64 = 20;
const CLIENTS: usize = 4;

/// Clients that send reveals, and the acknowledged records.
#[derive(Default)]
struct Clients {
    /// Address of the running service; `None` while it is down.
    operator: Mutex<Option<SocketAddr>>,
    stop: AtomicBool,
    asked: AtomicUsize,
    acknowledged: Mutex<BTreeSet<String>>,
}

impl Clients {
    /// Sends reveals with unique request ids until `stop` is set.
    fn ask(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let Some(operator) = *self.operator.lock().unwrap() else {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            };
            let name = format!("r{}", self.asked.fetch_add(1, Ordering::Relaxed));
            let answer = try_get(operator, "/config", &[("X-Request-Id", &name)]);
            if answer.is_ok_and(|answer| answer.status == 200) {
                self.acknowledged.lock().unwrap().insert(name);
            }
        }
    }

    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Waits until some more reveals were acknowledged.
    fn are_served(&self) {
        let before = self.acknowledged();
        until(DEADLINE, "served", || self.acknowledged(), |seen| *seen > before + 5);
    }
}

fn end_of_test() -> Instant {
    let seconds = std::env::var("MYAPP_TEST_KILL_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Instant::now() + Duration::from_secs(seconds.unwrap_or(ORDINARY_SECONDS))
}

/// Runs clients during `kills`, and returns them with the acknowledged records.
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

/// Waits for a random time.
fn pause() {
    let mut random = [0; 2];
    getrandom::fill(&mut random).unwrap();
    std::thread::sleep(Duration::from_millis(u64::from(u16::from_le_bytes(random)) % 1000));
}

fn start_service(clients: &Clients, settings: &[(&str, &str)]) -> Serving {
    let mut serving = Serving::spawn(myapp(&PORTS, settings));
    let [_, _, operator] = serving.addresses();
    *clients.operator.lock().unwrap() = Some(operator);
    serving
}

fn kill_service(clients: &Clients, mut serving: Serving) {
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    *clients.operator.lock().unwrap() = None;
}

/// Records found in the database, by id. The database is read after each kill, since only the newest 10 000 records are retained.
#[derive(Default)]
struct Found(BTreeMap<i64, String>);

impl Found {
    /// Returns the first id to read: a record with an older id may have been committed after the last read.
    fn since(&self) -> i64 {
        self.0.last_key_value().map_or(0, |(id, _)| *id) - 3000
    }

    /// Checks that each acknowledged record was found, and none twice; returns both counts.
    fn holds_all_once(&self, clients: &Clients) -> (usize, usize) {
        let names: BTreeSet<_> = self.0.values().collect();
        assert_eq!(names.len(), self.0.len(), "a record is there twice");
        let acknowledged = clients.acknowledged.lock().unwrap();
        let lost: Vec<_> = acknowledged.iter().filter(|name| !names.contains(name)).take(10).collect();
        assert!(lost.is_empty(), "lost, among others: {lost:?}");
        (acknowledged.len(), self.0.len())
    }
}

#[test]
fn acknowledged_records_survive_kills_of_service_and_postgresql() {
    let end = end_of_test();
    let mut server = Server::start(&["fsync=on"]);
    let database = server.database();
    let name = database.name.clone();
    let (url, password) = (database.url(), database.password.clone());
    let settings =
        [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", password.as_str()), ("SECRET_KEY", "hush")];
    let (mut found, mut kills) = (Found::default(), (0, 0));
    let clients = under_load(|clients| {
        let mut serving = start_service(clients, &settings);
        while Instant::now() < end {
            clients.are_served();
            pause();
            server.kill();
            kills.0 += 1;
            pause();
            server.restart();
            // Answered by the same process as before.
            clients.are_served();
            look_into_postgres(&server, &name, &mut found);
            pause();
            kill_service(clients, serving);
            kills.1 += 1;
            look_into_postgres(&server, &name, &mut found);
            serving = start_service(clients, &settings);
        }
        clients.are_served();
    });
    look_into_postgres(&server, &name, &mut found);
    let (acknowledged, kept) = found.holds_all_once(&clients);
    println!("{acknowledged} acknowledged, {kept} kept; kills: PostgreSQL {}, service {}", kills.0, kills.1);
}

fn look_into_postgres(server: &Server, database: &str, found: &mut Found) {
    let since = found.since();
    let rows = server.sql(
        database,
        &format!("SELECT id, request_id FROM accesses WHERE kind = 'reveal' AND id > {since}"),
    );
    found.0.extend(rows.lines().map(|row| {
        let (id, name) = row.split_once('|').unwrap();
        (id.parse::<i64>().unwrap(), name.to_owned())
    }));
}

#[test]
fn what_was_acknowledged_survives_kills_with_sqlite() {
    let end = end_of_test();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("own.db");
    let url = format!("sqlite:{}", file.display());
    let settings = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", "hush")];
    let (mut found, mut kills) = (Found::default(), 0);
    let clients = under_load(|clients| {
        while Instant::now() < end {
            let serving = start_service(clients, &settings);
            clients.are_served();
            pause();
            kill_service(clients, serving);
            kills += 1;
            look_into_sqlite(&file, &mut found);
        }
    });
    let (acknowledged, kept) = found.holds_all_once(&clients);
    println!("{acknowledged} acknowledged, {kept} kept; kills: service {kills}");
}

fn look_into_sqlite(file: &Path, found: &mut Found) {
    let rows = Runtime::new().unwrap().block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
        let select = "SELECT id, request_id FROM accesses WHERE kind = 'reveal' AND id > $1";
        sqlx::query_as(select).bind(found.since()).fetch_all(&mut connection).await.unwrap()
    });
    found.0.extend(rows);
}
