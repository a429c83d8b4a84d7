//! Tests through a pooler, in addition to those of `store`: rotations, outages, and sessions without leftover state.

use std::process::Command;

use myapp::database::Reason;
use myapp::store::{HistoryFilter, Record};
use test_support::http::raw::blocking::get;
use test_support::postgres::{Database, Mode, Pooler, Server};
use test_support::wait::until;

use super::load::Load;
use crate::DEADLINE;
use crate::databases::{pooler, shared};
use crate::mount::Mount;
use crate::service::Service;
use crate::store::change;

const MODES: [Mode; 2] = [Mode::Session, Mode::Transaction];
const KEY: (&str, &str) = ("secrets/SECRET_KEY", "canary-key-7f3a9c");

fn files<'a>(url: &'a str, password: &'a str) -> [(&'static str, &'a str); 3] {
    [KEY, ("config/DATABASE_URL", url), ("secrets/DB_PASSWORD", password)]
}

fn start(url: &str, password: &str) -> Service {
    let settings = [("DATABASE_URL", url), ("DB_PASSWORD", password), ("SECRET_KEY", "hush")];
    Service::as_told(&[], &settings, None)
}

/// Returns the result of a query by another client of the pooler.
fn asked(database: &Database<'_>, pooler: &Pooler, sql: &str) -> String {
    let mut command = Command::new("psql");
    command.env("PGPASSWORD", &database.password).args(["-Atq", "--command", sql]);
    let output = command.arg(database.url_by(pooler.port())).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn rotations_through_pooler_fail_no_query() {
    for mode in MODES {
        let mut database = shared().database();
        let url = database.url_by(pooler(mode).port());
        let mount = Mount::new(&files(&url, &database.password));
        let service = Service::as_told(&[&mount.flag()], &[], None);
        let load = Load::start(&service, 8);
        until(DEADLINE, "under load", || load.done(), |seen| *seen > 100);
        for number in 1..=3 {
            let next = format!("canary-password-{number}");
            database.alter_password(&next);
            mount.swap(&files(&url, &next));
            until(
                DEADLINE,
                "in force",
                || get(service.admin, "/digests").json(),
                |seen| seen["state"] == "converged" && seen["generation"] == number + 1,
            );
        }
        let (done, failures) = load.end(&service);
        assert!(failures.is_empty(), "{mode:?}: {} of {done}: {:?}", failures.len(), failures.first());
    }
}

#[test]
fn the_sessions_of_a_pooler_keep_no_trace() {
    for mode in MODES {
        let database = shared().database();
        let service = start(&database.url_by(pooler(mode).port()), &database.password);
        (0..50).for_each(|number| service.store.record(Record::Change(change(number))));
        service.flush();
        for _ in 0..10 {
            assert_eq!(asked(&database, pooler(mode), "SHOW statement_timeout"), "0", "{mode:?}");
            let names = "SELECT count(*) FROM pg_prepared_statements";
            assert_eq!(asked(&database, pooler(mode), names), "0", "{mode:?}");
        }
        assert_eq!(service.history(HistoryFilter::default()).len(), 50);
    }
}

#[test]
fn statement_timeout_applies_behind_pooler() {
    for mode in MODES {
        let database = shared().database();
        let service = start(&database.url_by(pooler(mode).port()), &database.password);
        service.store.record(Record::Change(change(1)));
        service.flush();
        let mut other = database.server.session(&database.name);
        other.number("BEGIN; LOCK TABLE config_history; SELECT 1");
        let error = service.runtime.block_on(service.store.history(HistoryFilter::default(), None, 1));
        let error = error.unwrap_err();
        assert_eq!((error.reason, error.code.as_deref()), (Reason::Timeout, Some("57014")), "{mode:?}");
    }
}

#[test]
fn pooler_reports_refused_password_as_authentication_failure() {
    for mode in MODES {
        let database = shared().database();
        let service = start(&database.url_by(pooler(mode).port()), "canary-password-wrong");
        let error = service.runtime.block_on(service.store.database().check()).unwrap_err();
        assert_eq!(error.reason, Reason::Authentication, "{mode:?}: {error}");
    }
}

#[test]
fn server_lost_behind_pooler_is_found_again() {
    for mode in MODES {
        let mut server = Server::start(&["fsync=off"]);
        let pooler = Pooler::start(&server, mode);
        let (url, password) = {
            let database = server.database();
            (database.url_by(pooler.port()), database.password.clone())
        };
        let service = start(&url, &password);
        service.until_ready();
        server.kill();
        let check = || service.runtime.block_on(service.store.database().check());
        until(DEADLINE, "away", check, Result::is_err).unwrap_err();
        server.restart();
        until(DEADLINE, "back", check, Result::is_ok).unwrap();
    }
}
