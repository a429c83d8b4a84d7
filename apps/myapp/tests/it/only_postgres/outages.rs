//! A server that is gone, and one that does not know the password.

use std::time::{Duration, Instant};

use myapp::database::Reason;
use myapp::store::{HistoryFilter, Record};
use test_support::http::raw::blocking::get;
use test_support::postgres::{Database, Server};
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::{Settings, borrowed, shared};
use crate::outages::{comes_back, is_away};
use crate::service::Service;
use crate::store::change;

/// Returns settings for `database` with `password`.
fn told(database: &Database<'_>, password: &str) -> Settings {
    vec![("DATABASE_URL", database.url()), ("DB_PASSWORD", password.to_owned())]
}

fn start(settings: &Settings) -> Service {
    Service::as_told(&[], &borrowed(settings), None)
}

/// Starts a server for this test; returns it with the settings of its database.
fn own_server() -> (Server, Settings) {
    let server = Server::start(&["fsync=off"]);
    let database = server.database();
    let settings = told(&database, &database.password);
    (server, settings)
}

#[test]
fn lost_server_blocks_reveals_while_records_queue() {
    let (mut server, settings) = own_server();
    let service = start(&settings);
    service.until_ready();
    comes_back(service.operator);
    server.kill();
    // A session may outlive its server by one response.
    until(DEADLINE, "away", || get(service.operator, "/config"), |seen| seen.status == 503);
    is_away(service.public, service.operator, 200);
    (0..100).for_each(|number| service.store.record(Record::Change(change(number))));
    assert!(!service.runtime.block_on(service.store.flush(Duration::from_millis(50))));
    assert!(service.store.waiting() > 90);
    server.restart();
    comes_back(service.operator);
    service.flush();
    let numbers: Vec<_> =
        service.history(HistoryFilter::default()).iter().map(|row| row.generation).collect();
    assert_eq!(numbers, (0..100).rev().collect::<Vec<_>>());
    assert_eq!(service.store.dropped(), 0);
}

#[test]
fn process_starts_without_database_and_connects_later() {
    let (mut server, settings) = own_server();
    server.kill();
    let service = start(&settings);
    is_away(service.public, service.operator, 503);
    let checked = service.runtime.block_on(service.store.database().check());
    assert_eq!(checked.map_err(|error| error.reason), Err(Reason::Refused));
    server.restart();
    comes_back(service.operator);
    service.until_ready();
}

#[test]
fn wrong_password_at_start_is_reported_and_heals() {
    let mut database = shared().database();
    let service = start(&told(&database, "canary-password-wrong"));
    let checked = service.runtime.block_on(service.store.database().check());
    let error = checked.unwrap_err();
    assert_eq!((error.reason, error.code.as_deref()), (Reason::Authentication, Some("28P01")));
    assert!(!format!("{error} {error:?}").contains("canary"));
    // There is no open session to wait for.
    let started = Instant::now();
    (0..5).for_each(|_| drop(service.runtime.block_on(service.store.database().check())));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    database.alter_password("canary-password-wrong");
    comes_back(service.operator);
}
