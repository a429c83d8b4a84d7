//! Real servers for tests. Those of PostgreSQL have an authority and a certificate of their own each, and take TLS and SCRAM passwords
//! only, as a managed database does; PgBouncer may stand before them. Those of Redis take TLS alone where it is asked for.
//!
//! What cannot be set up fails the test that asked for it. When the test process ends, in whatever way, its servers are ended too
//! and their files are removed.

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
