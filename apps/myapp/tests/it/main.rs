//! The service as its clients and its operators see it: real sockets, real processes, real databases.
//!
//! What a test claims holds on both databases, and it runs on both (`…::sqlite::…` and `…::postgres::…`), with these exceptions: what
//! only one of them can show is in `only_sqlite` and `only_postgres`, `kills` says it by its names, and where a process refuses what
//! it is given (`refusals` and the like) it ends before there is a database.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set its scene fails")]

mod admin;
mod api;
mod cache;
mod cross_site;
mod databases;
mod events;
mod flags;
mod http;
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
