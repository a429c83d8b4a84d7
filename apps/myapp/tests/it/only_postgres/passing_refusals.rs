//! Temporary refusals of the server while a change may still be rolled back: the change comes into force without help, and no
//! query fails meanwhile.

use test_support::postgres::{Database, Session};
use test_support::wait::{until, until_true};

use super::load::{Census, Load, sessions_where};
use super::rotation::Scene;
use crate::DEADLINE;
use crate::databases::shared;

const ROTATIONS: usize = 20;
const SESSIONS: usize = 6;

/// The reason why new logins are refused for a while.
#[derive(Clone, Copy, Debug)]
enum Cause {
    /// The role has as many sessions as it may.
    SessionLimit,
    /// `pg_hba.conf` rejects the role.
    Rules,
    /// The role has another password than either side of the change.
    Password,
}

impl Cause {
    const ALL: [Self; 3] = [Self::SessionLimit, Self::Rules, Self::Password];

    /// Makes the slow preparations before the change.
    fn prepare(self, database: &Database<'_>) {
        if let Self::Rules = self {
            write_rules(database, &format!("('hostssl all {} all reject'), ", database.user));
        }
    }

    fn begin(self, database: &Database<'_>, session: &mut Session) {
        let user = &database.user;
        let begin = match self {
            Self::SessionLimit => format!("ALTER ROLE {user} CONNECTION LIMIT 0; SELECT 1"),
            Self::Rules => "SELECT CAST(pg_reload_conf() AS INT)".to_owned(),
            Self::Password => format!("ALTER ROLE {user} PASSWORD 'canary-of-nobody'; SELECT 1"),
        };
        session.number(&begin);
        if let Self::Rules = self {
            until_true(DEADLINE, "shut", || !database.lets_in(&database.password));
        }
    }

    fn end(self, database: &Database<'_>) {
        let (user, password) = (&database.user, &database.password);
        match self {
            Self::SessionLimit => drop(database.sql(&format!("ALTER ROLE {user} CONNECTION LIMIT -1"))),
            Self::Rules => {
                write_rules(database, "");
                database.sql("SELECT pg_reload_conf()");
            }
            Self::Password => drop(database.sql(&format!("ALTER ROLE {user} PASSWORD '{password}'"))),
        }
        until_true(DEADLINE, "open", || database.lets_in(password));
    }
}

/// Writes `first` and the rules of a test server after it; the server reads them at its next reload.
fn write_rules(database: &Database<'_>, first: &str) {
    let file = database.sql("SHOW hba_file");
    let rules = format!("VALUES {first}('local all all trust'), ('hostssl all all all scram-sha-256')");
    database.sql(&format!("COPY ({rules}) TO '{file}'"));
}

/// Closes the sessions that were opened with the new password, so that others have to be opened.
fn end_sessions_since(database: &Database<'_>, time: &str, session: &mut Session) {
    let all = sessions_where(database, &format!("backend_start > '{time}'"));
    session.number(&all.replace("count(*)", "count(pg_terminate_backend(pid))"));
}

#[test]
fn rotations_refused_midway_converge_without_failed_queries() {
    let mut database = shared().database();
    let url = database.url();
    let mut scene = Scene::start(&url, &database.password, SESSIONS);
    let load = Load::start(&scene.service, 2 * SESSIONS);
    let census = Census::start(shared(), &database);
    until(DEADLINE, "under load", || load.done(), |seen| *seen > 100);
    let mut session = shared().session("postgres");
    let (mut vetoed, mut tries) = (0, 0);
    while vetoed < ROTATIONS {
        tries += 1;
        assert!(tries <= 3 * ROTATIONS, "a change settles before it can be refused, {vetoed} of {tries}");
        let cause = Cause::ALL[vetoed % Cause::ALL.len()];
        let (old, generation) = (database.password.clone(), scene.generation());
        let time = database.sql("SELECT clock_timestamp()");
        cause.prepare(&database);
        database.alter_password(&format!("canary-password-{tries}"));
        scene.swap(&url, &database.password, SESSIONS);
        until(DEADLINE, "in force", || scene.generation(), |seen| *seen > generation);
        cause.begin(&database, &mut session);
        end_sessions_since(&database, &time, &mut session);
        let digests = until(
            DEADLINE,
            "rolled back or settled",
            || scene.digests(),
            |seen| seen["state"] == "rolled_back" || seen["state"] == "converged",
        );
        // Logins fail with either password, and the work continues.
        let done = load.done();
        until(DEADLINE, "served on", || load.done(), |seen| *seen > done + 50);
        let was_vetoed = digests["state"] == "rolled_back";
        assert!(!was_vetoed || digests["retrying"] == true, "{digests}");
        vetoed += usize::from(was_vetoed);
        println!("{cause:?}: refused midway {vetoed} times of {tries}");
        cause.end(&database);
        scene.until_state("converged");
        assert!(scene.generation() > generation, "{:?}", scene.digests());
        assert!(!database.lets_in(&old));
    }
    assert!(census.most() <= SESSIONS, "{} sessions", census.most());
    census.end();
    let (done, failures) = load.end(&scene.service);
    assert!(failures.is_empty(), "{} of {done}: {:?}", failures.len(), failures.first());
    println!("{vetoed} of {tries} rotations refused midway, {done} queries, 0 failed");
}

/// With room for one or two sessions, the change comes into force and the limit holds.
#[test]
fn a_rotation_refused_midway_converges_within_small_limits() {
    for sessions in [1, 2, 3] {
        let mut database = shared().database();
        let url = database.url();
        let mut scene = Scene::start(&url, &database.password, sessions);
        let load = Load::start(&scene.service, 4);
        let census = Census::start(shared(), &database);
        until(DEADLINE, "under load", || load.done(), |seen| *seen > 50);
        let (generation, time) = (scene.generation(), database.sql("SELECT clock_timestamp()"));
        database.alter_password("canary-password-next");
        scene.swap(&url, "canary-password-next", sessions);
        until(DEADLINE, "in force", || scene.generation(), |seen| *seen > generation);
        let mut session = shared().session("postgres");
        Cause::SessionLimit.begin(&database, &mut session);
        end_sessions_since(&database, &time, &mut session);
        until(DEADLINE, "rolled back or settled", || scene.digests(), |seen| seen["state"] != "applying");
        Cause::SessionLimit.end(&database);
        scene.until_state("converged");
        until(DEADLINE, "of the new password", || scene.generation(), |seen| *seen > generation);
        assert!(census.most() <= sessions, "{} of {sessions} sessions", census.most());
        census.end();
        load.end(&scene.service);
        let after = Load::start(&scene.service, 4);
        until(DEADLINE, "served on", || after.done(), |seen| *seen > 50);
        let (_, failures) = after.end(&scene.service);
        assert!(failures.is_empty(), "{failures:?}");
    }
}
