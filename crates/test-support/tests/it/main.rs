//! Guarantees that the tests of other crates rely on.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use test_support::postgres::{Mode, Pooler, Server};
use test_support::redis::Redis;
use test_support::wait::until_true;

/// For a machine under load.
const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn a_server_takes_tls_only_and_passwords_only() {
    let server = Server::start(&["fsync=off"]);
    let mut database = server.database();
    assert!(database.lets_in(&database.password));
    assert!(!database.lets_in("another"));
    assert!(!database.lets_in(""));
    let clear = format!("{}?sslmode=disable", database.url().split_once('?').unwrap().0);
    let output = Command::new("psql").arg(clear).env("PGPASSWORD", &database.password).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("no pg_hba.conf entry"), "{output:?}");
    let old = database.password.clone();
    database.alter_password("next");
    assert!(database.lets_in("next") && !database.lets_in(&old));
}

#[test]
fn killed_server_keeps_data_dropped_server_leaves_nothing() {
    let mut server = Server::start(&[]);
    server.sql("postgres", "CREATE TABLE kept (number INTEGER)");
    server.sql("postgres", "INSERT INTO kept VALUES (7)");
    let address = server.address();
    server.kill();
    until_true(DEADLINE, "away", || TcpStream::connect(address).is_err());
    server.restart();
    assert_eq!(server.sql("postgres", "SELECT number FROM kept"), "7");
    assert_eq!(server.session("postgres").number("SELECT number FROM kept"), 7);
    let folder = server.authority().parent().map(Path::to_owned).unwrap();
    drop(server);
    until_true(DEADLINE, "removed", || TcpStream::connect(address).is_err() && !folder.exists());
}

#[test]
fn dropped_pooler_and_cache_leave_nothing() {
    let server = Server::start(&[]);
    let (pooler, redis) = (Pooler::start(&server, Mode::Session), Redis::start(&[]));
    let addresses = [SocketAddr::from((Ipv4Addr::LOCALHOST, pooler.port())), redis.address()];
    drop((pooler, redis));
    for address in addresses {
        until_true(DEADLINE, "removed", || TcpStream::connect(address).is_err());
    }
}
