//! Work on a session, and the tables it needs.

use std::pin::Pin;
use std::sync::Arc;

use super::connection::Connection;
use super::error::DatabaseError;

/// One unit of work on a session. It may run twice, if the session is lost.
pub(crate) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, DatabaseError>> + Send + 'a>>;

/// Work that returns nothing.
pub(super) type Task = Arc<dyn Fn(&mut Connection) -> Work<'_, ()> + Send + Sync>;

/// Tables required in the database.
#[derive(Clone)]
pub(crate) struct Schema {
    /// Brings the tables to this version; runs on the first session of each generation, and again if the tables are missing.
    pub(crate) set_up: Task,
    /// Reads all that work needs, and changes nothing.
    pub(crate) check: Task,
}
