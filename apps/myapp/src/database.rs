//! The database: sessions with it and nothing else. What is asked of it is [`crate::store`]'s.
//!
//! Sessions come in generations, one for each credential and place. New work goes to the generation in force. While that one may
//! still be rolled back, sessions of the one before it stay open; then they are closed when their work ends, at the latest
//! [`LONGEST_WORK`] later. One limit spans all of them, and a session holds its part of it from before it is opened until the
//! server no longer counts it.

mod connection;
mod credential;
mod file;
mod generation;
mod limit;
mod open_file;
mod postgres;
mod rotation;
mod schema;
mod server;
mod sync;
mod target;
mod timeouts;
mod unavailable;
mod value;
mod work;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

pub(crate) use connection::{Connection, Row};
pub(crate) use schema::{Schema, Work};
pub use target::Wiring;
pub use timeouts::LONGEST_WORK;
pub use unavailable::{Reason, Unavailable};
pub(crate) use value::Value;

use crate::backend::NotPermitted;
use crate::settings::Settings;
use generation::{Generation, Generations, InForce};
use limit::Limit;
use schema::Task;
use target::Target;
use timeouts::{CLOSE_TIMEOUT, LONGEST_CHECK, LONGEST_IDLE, LONGEST_LIFE};

/// The database that the settings name. Clones are handles to the same one.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    wiring: Wiring,
    schema: Schema,
    in_force: InForce,
    /// Pieces of work at a time. Whoever waits for one has chosen no generation yet.
    turns: Limit,
    /// Sessions at a time, of all generations.
    rooms: Limit,
    /// SQLite lets one writer in at a time, and those it makes wait sleep rather than queue.
    writer: Semaphore,
}

impl Database {
    /// The database that `settings` name. Nothing is opened before it is needed, so that a process can start while its
    /// database is away.
    ///
    /// # Errors
    /// Why the settings do not fit the wiring.
    pub(crate) fn new(settings: &Settings, wiring: Wiring, schema: Schema) -> Result<Self, NotPermitted> {
        let target = Target::of(settings, &wiring)?;
        let sessions = target.sessions(settings.max_connections.get());
        let current = Arc::new(Generation::new(target));
        let shared = Shared {
            wiring,
            schema,
            in_force: Mutex::new(Generations { current, before: None }),
            turns: Limit::new(sessions),
            rooms: Limit::new(sessions),
            writer: Semaphore::new(1),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Checks that the database does now what is asked of it, writing included. Costs a few round trips and a session's turn.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&self) -> Result<(), Unavailable> {
        let limit = match self.shared.current().target {
            // A statement waits for another writer.
            Target::Sqlite(_) => LONGEST_WORK,
            Target::Postgres(_) => LONGEST_CHECK,
        };
        let check = Arc::clone(&self.shared.schema.check);
        self.run(true, limit, move |connection| check_session(connection, Arc::clone(&check))).await
    }

    /// Sessions open now, of all generations; those being opened and closed are counted.
    pub fn sessions(&self) -> usize {
        self.shared.rooms.in_use()
    }

    /// Does something that changes nothing.
    pub(crate) async fn read<T, W>(&self, work: W) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        W: Fn(&mut Connection) -> Work<'_, T> + Send + Sync + 'static,
    {
        self.run(false, LONGEST_WORK, work).await
    }

    /// Does something that may change what is kept, and that leaves the same when done twice.
    pub(crate) async fn write<T, W>(&self, work: W) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        W: Fn(&mut Connection) -> Work<'_, T> + Send + Sync + 'static,
    {
        self.run(true, LONGEST_WORK, work).await
    }

    /// In a task of its own, which ends even where whoever asked has gone: a session left in the middle of something
    /// could not be used again.
    async fn run<T, W>(&self, writes: bool, limit: Duration, work: W) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        W: Fn(&mut Connection) -> Work<'_, T> + Send + Sync + 'static,
    {
        let task = tokio::spawn(Arc::clone(&self.shared).run(writes, limit, work));
        task.await.unwrap_or_else(|_| Err(Unavailable::with(Reason::Other, "panic")))
    }

    /// Closes sessions that nobody uses any more and replaces old ones, for as long as it runs.
    pub(crate) async fn tend(self) {
        loop {
            sleep(LONGEST_IDLE / 4).await;
            self.shared.current().close_idle_for(LONGEST_IDLE);
            self.shared.renew(LONGEST_LIFE).await;
        }
    }

    /// Ends all sessions, waiting a little for what still runs.
    pub(crate) async fn close(&self) {
        self.shared.turns.close();
        let all_gone = async {
            while self.sessions() > 0 {
                self.shared.close_idle();
                sleep(Duration::from_millis(10)).await;
            }
        };
        // What is left is closed with the process.
        let _ = timeout(CLOSE_TIMEOUT, all_gone).await;
    }
}

/// The host of the server that `url` names, as the process takes it; `None` where that is no URL of a server.
#[cfg(fuzzing)]
pub fn host_of(url: &str) -> Option<String> {
    let server = server::Server::parse(url, credential::Credential::Password(Arc::default()))?;
    Some(server.host.to_string())
}

/// Checks that this session may write, and that `check` passes on it.
fn check_session(connection: &mut Connection, check: Task) -> Work<'_, ()> {
    Box::pin(async move {
        may_write(connection).await?;
        check(connection).await
    })
}

/// Checks that this session may write.
async fn may_write(connection: &mut Connection) -> Result<(), Unavailable> {
    if connection.is_sqlite() {
        // Takes the lock of a writer and gives it back: a file that cannot be written says so.
        return connection.script("BEGIN IMMEDIATE; ROLLBACK".to_owned()).await;
    }
    let rows = connection.rows("SELECT current_setting('transaction_read_only')", &[]).await?;
    match rows.first().map(|row| row.text(0)).transpose()?.flatten().as_deref() {
        Some("off") => Ok(()),
        _ => Err(Unavailable::of(Reason::ReadOnly)),
    }
}
