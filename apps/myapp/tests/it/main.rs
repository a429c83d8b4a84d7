//! Integration tests with real sockets, real processes and real databases.
//!
//! Every test runs on both databases (`…::sqlite::…` and `…::postgres::…`), with these exceptions: tests of one database are in
//! `only_sqlite` and `only_postgres`, `kills` has the database in the names of its tests, and a process that rejects its input
//! (`refusals` and similar modules) ends before it opens a database.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set its scene fails")]

mod admin;
mod api;
mod cache;
mod cross_site;
mod databases;
mod events;
mod flags;
mod ipv6;
mod kills;
mod mount;
mod only_postgres;
mod only_sqlite;
mod openapi;
mod operator;
mod outages;
mod page;
mod process;
mod proxy;
mod public;
mod refusals;
mod reload;
mod residue;
mod retention;
mod sbom;
mod secrets;
mod service;
mod store;
mod telemetry;
mod verify;

use std::time::Duration;

/// Deadline of each wait, for a machine under load.
const DEADLINE: Duration = Duration::from_secs(120);
