//! Work on a session, and the tables it needs.

use std::pin::Pin;
use std::sync::Arc;

use super::connection::Connection;
use super::unavailable::Unavailable;

/// One piece of work on a session. It may be done twice, when the session turns out to be lost.
pub(crate) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>;

/// Work that returns nothing.
pub(super) type Task = Arc<dyn Fn(&mut Connection) -> Work<'_, ()> + Send + Sync>;

/// Tables that the database must hold to be of use.
#[derive(Clone)]
pub(crate) struct Schema {
    /// Brings the tables to this version; run on the first session of each generation, and again where they turn out to be gone.
    pub(crate) set_up: Task,
    /// Touches all that work needs, and changes nothing.
    pub(crate) check: Task,
}
