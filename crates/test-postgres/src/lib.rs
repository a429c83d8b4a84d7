//! Real servers for tests. Each PostgreSQL server has an authority and a certificate of its own, and accepts TLS and SCRAM
//! passwords only, as a managed database does; PgBouncer may run in front of it. A Redis server accepts TLS alone if its test
//! chose TLS.
//!
//! A server that cannot be set up fails its test. When the test process ends, in any way, its servers are ended too and their
//! files are removed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a harness that cannot set its scene fails the test")]

mod certificate;
mod database;
mod log;
mod pooler;
mod process;
mod program;
mod redis;
mod server;
mod session;

pub use certificate::Fault;
pub use database::Database;
pub use pooler::{Mode, Pooler};
pub use redis::Redis;
pub use server::Server;
pub use session::Session;
