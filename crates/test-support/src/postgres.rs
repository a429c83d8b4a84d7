//! PostgreSQL for tests, with PgBouncer in front of it where a test wants that. Each server has an authority and a certificate of
//! its own, and accepts TLS and SCRAM passwords only, as a managed database does.
//!
//! A server that cannot be set up fails its test. When the test process ends, in any way, its servers are ended too and their
//! files are removed.

mod database;
mod files;
mod pooler;
mod server;
mod session;

pub use database::Database;
pub use pooler::{Mode, Pooler};
pub use server::Server;
pub use session::Session;
