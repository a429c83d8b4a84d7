//! User and password that change together in one Secret, as with Vault's database engine or alternating users of RDS.

use myapp::store::{HistoryFilter, Outcome};
use test_support::http::raw::blocking::get;
use test_support::postgres::Database;
use test_support::wait::until;

use super::load::{Census, Load, sessions_where};
use crate::DEADLINE;
use crate::databases::shared;
use crate::mount::Mount;
use crate::service::Service;

const ROTATIONS: usize = 6;
const SESSIONS: usize = 4;
const KEY: (&str, &str) = ("secrets/SECRET_KEY", "canary-key-7f3a9c");

fn files<'a>(url: &'a str, user: &'a str, password: &'a str) -> [(&'static str, &'a str); 5] {
    [
        KEY,
        ("config/DATABASE_URL", url),
        ("config/MAX_CONNECTIONS", "4"),
        ("secrets/DB_USER", user),
        ("secrets/DB_PASSWORD", password),
    ]
}

/// Creates the next user: a role with the rights of the owner, and its password.
fn next_role(database: &Database<'_>, number: usize) -> (String, String) {
    let (user, password) = (format!("{}_v{number}", database.user), format!("canary-v{number}"));
    database.sql(&format!("CREATE ROLE {user} LOGIN PASSWORD '{password}' IN ROLE {}", database.user));
    (user, password)
}

#[test]
fn user_and_password_rotate_together_without_failed_query() {
    let database = shared().database();
    let url = database.url();
    let mount = Mount::new(&files(&url, &database.user, &database.password));
    let service = Service::as_told(&[&mount.flag()], &[], None);
    let digests = || get(service.admin, "/digests").json();
    let load = Load::start(&service, 2 * SESSIONS);
    let census = Census::start(shared(), &database);
    until(DEADLINE, "under load", || load.done(), |seen| *seen > 100);

    let mut old = database.user.clone();
    for number in 1..=ROTATIONS {
        let (user, password) = next_role(&database, number);
        let generation = digests()["generation"].as_u64().unwrap();
        mount.swap(&files(&url, &user, &password));
        until(DEADLINE, "in force", || digests()["generation"].as_u64().unwrap(), |seen| *seen > generation);
        let mut session = shared().session("postgres");
        let left = sessions_where(&database, &format!("usename = '{old}'"));
        until(DEADLINE, "without sessions of the old user", || session.number(&left), |seen| *seen == 0);
        let new = sessions_where(&database, &format!("usename = '{user}'"));
        assert!(session.number(&new) > 0, "rotation {number}");
        until(DEADLINE, "converged", digests, |seen| seen["state"] == "converged");
        // Vault does the same when a lease ends.
        database.sql(&format!("ALTER ROLE {old} NOLOGIN"));
        old = user;
    }
    assert!(census.most() <= SESSIONS, "{} sessions", census.most());
    census.end();
    let (done, failures) = load.end(&service);
    assert!(failures.is_empty(), "{} of {done}: {:?}", failures.len(), failures.first());
    let rows = || service.history(HistoryFilter::default());
    until(DEADLINE, "each change recorded", || rows().len(), |seen| *seen == 2 * ROTATIONS);
    let rows = rows();
    assert!(rows.iter().all(|row| row.outcome == Outcome::Committed.as_str()), "{rows:?}");
    assert!(!format!("{rows:?}").contains(&old), "the user is shown as a fingerprint: {rows:?}");
}

#[test]
fn mismatched_user_is_refused_and_former_serves_on() {
    let database = shared().database();
    let url = database.url();
    let mount = Mount::new(&files(&url, &database.user, &database.password));
    let service = Service::as_told(&[&mount.flag()], &[], None);
    let digests = || get(service.admin, "/digests").json();
    let load = Load::start(&service, 4);
    until(DEADLINE, "under load", || load.done(), |seen| *seen > 50);
    let (user, password) = next_role(&database, 1);
    mount.swap(&files(&url, &user, &database.password));
    until(DEADLINE, "refused", digests, |seen| seen["state"] == "rejected");
    let sentence = "database: DB_PASSWORD: the database refuses it for the user of DB_USER (28P01)";
    assert_eq!(digests()["reasons"], serde_json::json!([sentence]));
    mount.swap(&files(&url, &user, &password));
    until(DEADLINE, "in force", digests, |seen| seen["state"] == "converged" && seen["generation"] == 2);
    let (_, failures) = load.end(&service);
    assert!(failures.is_empty(), "{failures:?}");
}
