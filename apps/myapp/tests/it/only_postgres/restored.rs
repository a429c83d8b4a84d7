//! A database that is recreated, restored or emptied under the process: the tables are set up again, and no restart is needed.

use myapp::store::AccessKind;
use test_support::http::raw::blocking::get;
use test_support::postgres::Database;
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::shared;
use crate::outages::comes_back;
use crate::service::Service;

fn start(database: &Database<'_>) -> Service {
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", &database.password)];
    let service = Service::as_told(&[], &settings, None);
    service.until_ready();
    comes_back(service.operator);
    service
}

/// Checks that the service records reveals and its history.
fn works(service: &Service, what: &str) {
    until(DEADLINE, what, || get(service.operator, "/config"), |seen| seen.status == 200);
    assert!(!service.accesses(AccessKind::Reveal).is_empty(), "{what}");
    let history = service.runtime.block_on(service.store.history(Default::default(), None, 5));
    assert!(history.is_ok(), "{what}: {history:?}");
    assert_eq!(service.runtime.block_on(service.store.database().check()), Ok(()), "{what}");
}

#[test]
fn tables_that_are_gone_are_made_anew() {
    let database = shared().database();
    let service = start(&database);
    let owner = &database.user;
    for ruin in [
        "DROP TABLE accesses".to_owned(),
        "DROP TABLE config_history, accesses, schema_version".to_owned(),
        "DROP TABLE config_history; DELETE FROM schema_version".to_owned(),
        "DELETE FROM schema_version".to_owned(),
        "DROP TABLE schema_version".to_owned(),
        format!("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {owner}"),
    ] {
        database.sql(&ruin);
        works(&service, &ruin);
    }
}

#[test]
fn recreated_database_is_set_up_again() {
    let database = shared().database();
    let service = start(&database);
    for _ in 0..2 {
        shared().sql("postgres", &format!("DROP DATABASE {} WITH (FORCE)", database.name));
        assert_eq!(get(service.operator, "/config").status, 503);
        shared().sql("postgres", &format!("CREATE DATABASE {} OWNER {}", database.name, database.user));
        works(&service, "made anew");
    }
}

#[test]
fn database_is_down_until_schema_is_back() {
    let database = shared().database();
    let service = start(&database);
    database.sql("DROP SCHEMA public CASCADE");
    let checked = service.runtime.block_on(service.store.database().check());
    assert_eq!(checked.map_err(|error| error.reason.as_str()), Err("schema"));
    database.sql(&format!("CREATE SCHEMA public AUTHORIZATION {}", database.user));
    works(&service, "back");
}

#[test]
fn table_without_insert_right_fails_check() {
    let database = shared().database();
    let service = start(&database);
    database.sql(&format!("REVOKE INSERT ON accesses FROM {}", database.user));
    let checked = service.runtime.block_on(service.store.database().check());
    assert_eq!(checked.unwrap_err().code.as_deref(), Some("42501"));
    database.sql(&format!("GRANT INSERT ON accesses TO {}", database.user));
    works(&service, "granted");
}
