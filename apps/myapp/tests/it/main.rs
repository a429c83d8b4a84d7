//! The service as its clients and its operators see it: real sockets, real processes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set its scene fails")]

mod admin;
mod api;
mod credentials;
mod cross_site;
mod databases;
mod events;
mod http;
mod kills;
mod load;
mod mount;
mod openapi;
mod operator;
mod outages;
mod page;
mod postgres;
mod process;
mod public;
mod refusals;
mod reload;
mod rotation;
mod secrets;
mod service;
mod store;
mod tokens;
