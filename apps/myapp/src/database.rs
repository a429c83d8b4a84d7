//! The database: sessions and nothing else. The statements are in [`crate::store`].
//!
//! Sessions belong to generations, one for each credential and address. New work uses the generation in force. While that
//! generation may still be rolled back, sessions of the previous one stay open; then they are closed when their work ends, at the
//! latest [`MAX_WORK_TIME`] later. One limit covers all generations, and a session holds a permit from before it is opened until
//! the server no longer counts it.

mod connection;
mod credential;
mod error;
mod file;
mod generation;
mod metrics;
mod open_file;
mod postgres;
mod replacement;
mod resizable_semaphore;
mod schema;
mod server;
mod sync;
mod target;
mod timeouts;
mod value;
mod work;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

pub(crate) use connection::{Connection, Row};
pub(crate) use credential::Credential;
pub use error::{DatabaseError, Reason};
pub(crate) use replacement::Replacement;
pub(crate) use schema::{Schema, Work};
pub(crate) use server::{Server, TlsMode};
pub(crate) use target::Target;
pub use timeouts::MAX_WORK_TIME;
pub(crate) use value::Value;

use generation::{Generation, Generations, InForce};
use resizable_semaphore::ResizableSemaphore;
use schema::Task;
use timeouts::{CHECK_TIMEOUT, CLOSE_TIMEOUT, MAX_IDLE_TIME, MAX_SESSION_AGE};

/// A database. Clones are handles to the same one.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    schema: Schema,
    in_force: InForce,
    /// Permits for concurrent work. A waiter has not chosen a generation yet.
    work_permits: ResizableSemaphore,
    /// Permits for sessions of all generations.
    session_permits: ResizableSemaphore,
    /// SQLite admits one writer at a time, and waiting writers sleep and retry instead of queueing.
    writer: Semaphore,
}

impl Database {
    /// Creates a handle to the database of `target` with at most `limit` sessions. They are opened on first use, so that a process
    /// can start while its database is unavailable.
    pub(crate) fn new(target: Target, limit: u16, schema: Schema) -> Self {
        let sessions = target.sessions(limit);
        let current = Arc::new(Generation::new(target));
        let shared = Shared {
            schema,
            in_force: Mutex::new(Generations { current, before: None }),
            work_permits: ResizableSemaphore::new(sessions),
            session_permits: ResizableSemaphore::new(sessions),
            writer: Semaphore::new(1),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Returns the target of the generation in force.
    pub(crate) fn target(&self) -> Target {
        self.shared.current().target.clone()
    }

    /// Checks that the database accepts reads and writes now. Costs a few round trips and a permit for work.
    ///
    /// # Errors
    /// The reason why the database is unavailable.
    pub async fn check(&self) -> Result<(), DatabaseError> {
        let limit = match self.shared.current().target {
            // A statement waits for another writer.
            Target::Sqlite(_) => MAX_WORK_TIME,
            Target::Postgres(_) => CHECK_TIMEOUT,
        };
        let check = Arc::clone(&self.shared.schema.check);
        self.run(true, limit, move |connection| check_session(connection, Arc::clone(&check))).await
    }

    /// Returns the number of sessions of all generations, including those being opened and closed.
    pub fn sessions(&self) -> usize {
        self.shared.session_permits.in_use()
    }

    /// Runs read-only work.
    pub(crate) async fn read<T, W>(&self, work: W) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        W: Fn(&mut Connection) -> Work<'_, T> + Send + Sync + 'static,
    {
        self.run(false, MAX_WORK_TIME, work).await
    }

    /// Runs work that may change data, and that has the same effect when done twice.
    pub(crate) async fn write<T, W>(&self, work: W) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        W: Fn(&mut Connection) -> Work<'_, T> + Send + Sync + 'static,
    {
        self.run(true, MAX_WORK_TIME, work).await
    }

    /// Runs the work in a task of its own, which completes even if the caller is cancelled: a session abandoned in the middle of
    /// an operation could not be reused.
    async fn run<T, W>(&self, writes: bool, limit: Duration, work: W) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        W: Fn(&mut Connection) -> Work<'_, T> + Send + Sync + 'static,
    {
        let task = tokio::spawn(Arc::clone(&self.shared).run(writes, limit, work));
        task.await.unwrap_or_else(|_| Err(DatabaseError::with(Reason::Other, "panic")))
    }

    /// Closes idle sessions and replaces old ones, until dropped.
    pub(crate) async fn maintain(self) {
        loop {
            sleep(MAX_IDLE_TIME / 4).await;
            self.shared.current().close_idle_for(MAX_IDLE_TIME);
            self.shared.renew(MAX_SESSION_AGE).await;
        }
    }

    /// Closes all sessions, after a short wait for running work.
    pub(crate) async fn close(&self) {
        self.shared.work_permits.close();
        let all_gone = async {
            while self.sessions() > 0 {
                self.shared.close_idle();
                sleep(Duration::from_millis(10)).await;
            }
        };
        // The remaining sessions are closed with the process.
        let _ = timeout(CLOSE_TIMEOUT, all_gone).await;
    }
}

/// Returns the host of the server that `url` names, as the process parses it; `None` if the URL names no server.
#[cfg(fuzzing)]
pub fn host_of(url: &str) -> Option<String> {
    let server = Server::parse(url, Credential::Password(Arc::default()))?;
    Some(server.host.to_string())
}

/// Checks that this session may write, and that `check` succeeds on it.
fn check_session(connection: &mut Connection, check: Task) -> Work<'_, ()> {
    Box::pin(async move {
        may_write(connection).await?;
        check(connection).await
    })
}

/// Checks that this session may write.
async fn may_write(connection: &mut Connection) -> Result<(), DatabaseError> {
    if connection.is_sqlite() {
        // Takes and releases the lock of a writer: fails on a file that cannot be written.
        return connection.script("BEGIN IMMEDIATE; ROLLBACK".to_owned()).await;
    }
    let rows = connection.rows("SELECT current_setting('transaction_read_only')", &[]).await?;
    match rows.first().map(|row| row.text(0)).transpose()?.flatten().as_deref() {
        Some("off") => Ok(()),
        _ => Err(DatabaseError::of(Reason::ReadOnly)),
    }
}
