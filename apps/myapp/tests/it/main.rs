//! The service as its clients and its operators see it: real sockets, real processes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set its scene fails")]

mod admin;
mod databases;
mod http;
mod load;
mod mount;
mod operator;
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
