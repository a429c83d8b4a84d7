//! Changes of credentials and limits under load, on a real PostgreSQL.

use std::time::{Duration, Instant};

use myapp::store::{HistoryFilter, HistoryRow, Outcome};
use serde_json::Value;
use test_support::http::raw::blocking::get;
use test_support::postgres::Database;
use test_support::wait::until;

use super::load::{Census, Load, sessions_where};
use crate::DEADLINE;
use crate::databases::shared;
use crate::mount::Mount;
use crate::service::Service;

const ROTATIONS: usize = 20;
const SESSIONS: usize = 6;
/// Time limit stated in the operations manual.
const STATED: Duration = Duration::from_secs(6);
const KEY: (&str, &str) = ("secrets/SECRET_KEY", "canary-key-7f3a9c");

pub(super) struct Scene {
    mount: Mount,
    pub(super) service: Service,
}

impl Scene {
    pub(super) fn start(url: &str, password: &str, sessions: usize) -> Self {
        let mount = Mount::new(&files(url, password, &sessions.to_string()));
        let service = Service::as_told(&[&mount.flag()], &[], None);
        Self { mount, service }
    }

    pub(super) fn swap(&mut self, url: &str, password: &str, sessions: usize) {
        self.mount.swap(&files(url, password, &sessions.to_string()));
    }

    pub(super) fn digests(&self) -> Value {
        get(self.service.admin, "/digests").json()
    }

    pub(super) fn generation(&self) -> u64 {
        self.digests()["generation"].as_u64().unwrap()
    }

    pub(super) fn until_state(&self, state: &str) -> Value {
        until(DEADLINE, state, || self.digests(), |seen| seen["state"] == state)
    }

    /// Waits until a change is refused for that reason. On a slow machine other refusals may come first; the change is retried.
    fn until_refused(&self, reason: &str) -> Value {
        until(
            DEADLINE,
            reason,
            || self.digests(),
            |seen| seen["state"] == "rejected" && seen["reasons"].to_string().contains(reason),
        )
    }

    /// Returns the history with that outcome after it has `count` rows. A status is visible before its row is written.
    fn until_kept(&self, outcome: Outcome, count: usize) -> Vec<HistoryRow> {
        let kept = || {
            let filter = HistoryFilter { outcome: Some(outcome), ..HistoryFilter::default() };
            self.service.history(filter)
        };
        until(DEADLINE, outcome.as_str(), kept, |rows| rows.len() >= count)
    }
}

fn files<'a>(url: &'a str, password: &'a str, sessions: &'a str) -> [(&'static str, &'a str); 4] {
    [
        KEY,
        ("config/DATABASE_URL", url),
        ("secrets/DB_PASSWORD", password),
        ("config/MAX_CONNECTIONS", sessions),
    ]
}

#[test]
fn rotations_fail_no_query_and_close_old_sessions() {
    let mut database = shared().database();
    let url = database.url();
    let mut scene = Scene::start(&url, &database.password, SESSIONS);
    let load = Load::start(&scene.service, 2 * SESSIONS);
    let census = Census::start(shared(), &database);
    until(DEADLINE, "under load", || load.done(), |seen| *seen > 100);

    let mut slowest = Duration::ZERO;
    for number in 1..=ROTATIONS {
        let (old, next) = (database.password.clone(), format!("canary-password-{number}"));
        let generation = scene.generation();
        let sessions = sessions_of(&database);
        if number % 2 == 0 {
            // The Secret arrives first; the change is retried until the database knows the password.
            scene.swap(&url, &next, SESSIONS);
            scene.until_refused("DB_PASSWORD: the database refuses it (28P01)");
            database.alter_password(&next);
        } else {
            database.alter_password(&next);
            scene.swap(&url, &next, SESSIONS);
        }
        until(DEADLINE, "in force", || scene.generation(), |seen| *seen > generation);
        let changed = Instant::now();
        let mut session = shared().session("postgres");
        let left = sessions_where(&database, &format!("pid IN ({sessions})"));
        until(DEADLINE, "without old sessions", || session.number(&left), |seen| *seen == 0);
        slowest = slowest.max(changed.elapsed());
        assert!(slowest < STATED, "{slowest:?}");
        assert!(!database.lets_in(&old), "rotation {number}");
        scene.until_state("converged");
    }
    assert!(census.most() <= SESSIONS, "{} sessions", census.most());
    let asked = census.asked();
    census.end();
    let (done, failures) = load.end(&scene.service);
    assert!(failures.is_empty(), "{} of {done}: {:?}", failures.len(), failures.first());
    println!(
        "{ROTATIONS} rotations, {done} queries, 0 failed; sessions counted {asked} times, {SESSIONS} at most; \
        old ones gone after {slowest:?} at most"
    );
}

/// Returns the process numbers of the sessions on the server, separated by commas.
fn sessions_of(database: &Database<'_>) -> String {
    let listed = format!(
        "SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'myapp'",
        database.name
    );
    let pids = database.sql(&listed).replace('\n', ",");
    assert!(!pids.is_empty());
    pids
}

#[test]
fn password_unknown_to_database_is_retried_without_failures() {
    let mut database = shared().database();
    let (url, first) = (database.url(), database.password.clone());
    let mut scene = Scene::start(&url, &first, 2);
    let load = Load::start(&scene.service, 4);
    until(DEADLINE, "under load", || load.done(), |seen| *seen > 50);
    scene.swap(&url, "canary-password-early", 2);
    let digests = scene.until_refused("database: DB_PASSWORD: the database refuses it (28P01)");
    assert_eq!((digests["retrying"].as_bool(), scene.generation()), (Some(true), 1), "{digests}");
    assert!(!digests["reasons"].to_string().contains("canary"), "{digests}");
    let before = load.done();
    until(DEADLINE, "still served", || load.done(), |seen| *seen > before + 100);

    database.alter_password("canary-password-early");
    scene.until_state("converged");
    assert_eq!(scene.generation(), 2);
    let (_, failures) = load.end(&scene.service);
    assert!(failures.is_empty(), "{failures:?}");
    scene.until_kept(Outcome::Committed, 1);
    let rows = scene.service.history(HistoryFilter::default());
    let outcomes: Vec<_> = rows.iter().map(|row| (row.key.as_str(), row.outcome.as_str())).collect();
    assert_eq!(outcomes, [("DB_PASSWORD", "committed"), ("DB_PASSWORD", "rejected")]);
    assert!(!format!("{rows:?}").contains("canary"), "{rows:?}");
}

/// After the database accepts the password that was refused, it rejects logins with the old one.
#[test]
fn refused_password_costs_at_most_one_session() {
    let database = shared().database();
    let mut scene = Scene::start(&database.url(), &database.password, 2);
    let mut session = shared().session("postgres");
    let load = Load::start(&scene.service, 4);
    until(DEADLINE, "two sessions", || session.number(&sessions_where(&database, "true")), |seen| *seen == 2);
    load.end(&scene.service);
    let sessions = sessions_of(&database);
    scene.swap(&database.url(), "canary-password-wrong", 2);
    scene.until_refused("DB_PASSWORD: the database refuses it (28P01)");
    let left = sessions_where(&database, &format!("pid IN ({sessions})"));
    assert_eq!(session.number(&left), 1);
}

#[test]
fn open_sessions_serve_until_secret_follows() {
    let mut database = shared().database();
    let mut scene = Scene::start(&database.url(), &database.password.clone(), SESSIONS);
    assert!(scene.service.runtime.block_on(scene.service.store.database().check()).is_ok());
    // One session is open; further sessions would need a login with the old password.
    database.alter_password("canary-password-next");
    let load = Load::start(&scene.service, 2 * SESSIONS);
    until(DEADLINE, "served", || load.done(), |seen| *seen > 200);
    scene.swap(&database.url(), "canary-password-next", SESSIONS);
    until(DEADLINE, "in force", || scene.generation(), |seen| *seen == 2);
    let before = load.done();
    until(DEADLINE, "served on", || load.done(), |seen| *seen > before + 200);
    let (_, failures) = load.end(&scene.service);
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn user_and_password_change_as_one_unit() {
    let database = shared().database();
    let mut scene = Scene::start(&database.url(), &database.password, 2);
    let load = Load::start(&scene.service, 4);
    until(DEADLINE, "under load", || load.done(), |seen| *seen > 50);
    let other = format!("{}_b", database.user);
    database.sql(&format!("CREATE ROLE {other} LOGIN PASSWORD 'canary-b' IN ROLE {}", database.user));
    let url = database.url().replace(&format!("{}@", database.user), &format!("{other}@"));
    scene.swap(&url, "canary-b", 2);
    scene.until_state("converged");
    let mut session = shared().session("postgres");
    let old = sessions_where(&database, &format!("usename = '{}'", database.user));
    until(DEADLINE, "of the new role only", || session.number(&old), |seen| *seen == 0);
    let new = sessions_where(&database, &format!("usename = '{other}'"));
    assert!(session.number(&new) > 0);
    let (_, failures) = load.end(&scene.service);
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn session_limit_changes_under_load_without_failed_query() {
    let database = shared().database();
    let (url, password) = (database.url(), database.password.clone());
    let mut scene = Scene::start(&url, &password, 8);
    let load = Load::start(&scene.service, 16);
    let census = Census::start(shared(), &database);
    for sessions in [8, 2, 5, 1, 8] {
        let shown = sessions.to_string();
        scene.swap(&url, &password, sessions);
        scene.until_state("converged");
        until(
            DEADLINE,
            "in force",
            || get(scene.service.public, "/config").json(),
            |seen| seen["MAX_CONNECTIONS"] == shown,
        );
        let mut session = shared().session("postgres");
        until(
            DEADLINE,
            "within",
            || session.number(&sessions_where(&database, "true")),
            |seen| *seen <= sessions,
        );
        census.forget();
        let before = load.done();
        until(DEADLINE, "served on", || load.done(), |seen| *seen > before + 100);
        assert!(census.most() <= sessions, "beyond {sessions}");
    }
    census.end();
    let (_, failures) = load.end(&scene.service);
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn one_session_is_enough_to_rotate() {
    let mut database = shared().database();
    let mut scene = Scene::start(&database.url(), &database.password.clone(), 1);
    let load = Load::start(&scene.service, 3);
    let census = Census::start(shared(), &database);
    until(DEADLINE, "under load", || load.done(), |seen| *seen > 50);
    database.alter_password("canary-password-next");
    scene.swap(&database.url(), "canary-password-next", 1);
    until(DEADLINE, "in force", || scene.generation(), |seen| *seen == 2);
    scene.until_state("converged");
    assert_eq!(census.most(), 1);
    census.end();
    let (_, failures) = load.end(&scene.service);
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn change_of_database_host_or_kind_is_refused() {
    let database = shared().database();
    let (url, password) = (database.url(), database.password.clone());
    let mut scene = Scene::start(&url, &password, 2);
    scene.swap(&url.replace("localhost", "127.0.0.1"), &password, 2);
    let digests = scene.until_refused("DATABASE_URL: another host needs a restart: kubectl rollout restart");
    assert_eq!(digests["retrying"], false, "{digests}");
    scene.swap("sqlite:elsewhere.db", &password, 2);
    let digests = scene.until_refused("DATABASE_URL: another kind of database needs a restart");
    assert_eq!(digests["retrying"], false, "{digests}");
    scene.swap(&url, &password, 2);
    scene.until_state("converged");
    assert_eq!(scene.generation(), 1);
}

#[test]
fn role_limited_to_one_session_is_rolled_back() {
    let database = shared().database();
    let mut scene = Scene::start(&database.url(), &database.password, 4);
    let load = Load::start(&scene.service, 8);
    until(DEADLINE, "under load", || load.done(), |seen| *seen > 50);
    let other = format!("{}_c", database.user);
    let limited =
        format!("CREATE ROLE {other} LOGIN CONNECTION LIMIT 1 PASSWORD 'canary-c' IN ROLE {}", database.user);
    database.sql(&limited);
    let url = database.url().replace(&format!("{}@", database.user), &format!("{other}@"));
    let digests = loop {
        let generation = scene.generation();
        scene.swap(&url, "canary-c", 4);
        until(
            DEADLINE,
            "in force or taken back",
            || scene.digests(),
            |seen| {
                seen["state"] == "rolled_back"
                    || (seen["state"] == "converged" && seen["generation"] != generation)
            },
        );
        let digests = scene.digests();
        if digests["state"] == "rolled_back" {
            break digests;
        }
        // A slow machine may open no second session before the change is rolled back.
        scene.swap(&database.url(), &database.password, 4);
        until(DEADLINE, "as before", || scene.digests(), |seen| seen["state"] == "converged");
    };
    assert!(
        digests["reasons"].to_string().contains("the database takes no more sessions (53300)"),
        "{digests}"
    );
    load.end(&scene.service);
    let back = Load::start(&scene.service, 8);
    until(DEADLINE, "served on", || back.done(), |seen| *seen > 50);
    let (_, failures) = back.end(&scene.service);
    assert!(failures.is_empty(), "{failures:?}");
    let rows = scene.until_kept(Outcome::RolledBack, 2);
    let keys: Vec<_> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["DB_PASSWORD", "DATABASE_URL"]);
    assert_eq!(rows[1].new.as_deref(), Some(database.url().as_str()));
    // No reload has to be requested.
    assert_eq!(digests["retrying"], true, "{digests}");
    database.sql(&format!("ALTER ROLE {other} CONNECTION LIMIT -1"));
    scene.until_state("converged");
    assert_eq!(get(scene.service.public, "/config").status, 200);
    let mut session = shared().session("postgres");
    let new = sessions_where(&database, &format!("usename = '{other}'"));
    assert!(session.number(&new) > 0);
}
