use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};

use super::connection::Connection;
use super::error::DatabaseError;
use super::open_file::{self, OpenFile};
use super::schema::Schema;
use super::target::Target;

/// Delay before the permit of a closed session is released: the server needs a moment to remove the session from its own count,
/// which must not exceed the limit.
const SERVER_RELEASE_DELAY: Duration = Duration::from_millis(250);
/// Time for which a login refusal is assumed to last while other sessions are open.
const LOGIN_REFUSAL_LIFETIME: Duration = Duration::from_secs(1);
/// Polling interval while waiting for the end of all sessions.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Maximum attempts to open a file that was replaced at its path during the attempt; a file that is created is opened twice.
const MAX_OPENINGS: usize = 4;

/// All sessions opened with one credential at one address.
pub(super) struct Generation {
    pub(super) target: Target,
    idle: Mutex<Vec<Idle>>,
    /// One permit for each idle session; waiters are served in order.
    idle_count: Semaphore,
    /// True if the tables are known to exist.
    is_set_up: AtomicBool,
    setting_up: AsyncMutex<()>,
    file: AsyncMutex<FileState>,
    /// Shared by all open sessions.
    presence: Arc<()>,
    /// Shared by all sessions until they are closed.
    unclosed: Arc<()>,
    /// The error of the last attempt to open a session, if it failed.
    failed: watch::Sender<Option<DatabaseError>>,
    /// Time at which the server last refused a login.
    refused: Mutex<Option<Instant>>,
}

/// State of the file at the path of an SQLite database.
#[derive(Default)]
struct FileState {
    /// Number of files opened so far.
    number: u64,
    /// True if sessions of the previous file may be open. They would share SQLite's index of the log with sessions of the new
    /// file, since a process has one index for each file; the new session is therefore opened after they are closed.
    is_new: bool,
}

/// An open session and its permit.
pub(super) struct Session {
    pub(super) connection: Connection,
    /// For SQLite only: the file, and its number.
    file: Option<(OpenFile, u64)>,
    opened: Instant,
    permit: OwnedSemaphorePermit,
    unclosed: Arc<()>,
    _presence: Arc<()>,
}

type Opened = (Connection, Option<(OpenFile, u64)>, Arc<()>);

struct Idle {
    session: Session,
    since: Instant,
}

impl Generation {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            idle: Mutex::default(),
            idle_count: Semaphore::new(0),
            is_set_up: AtomicBool::new(false),
            setting_up: AsyncMutex::default(),
            file: AsyncMutex::default(),
            presence: Arc::default(),
            unclosed: Arc::default(),
            failed: watch::Sender::new(None),
            refused: Mutex::default(),
        }
    }

    /// Opens a session; the first session of the generation sets up the database.
    pub(super) async fn open(
        &self,
        permit: OwnedSemaphorePermit,
        schema: &Schema,
    ) -> Result<Session, DatabaseError> {
        let opened = async {
            let (mut connection, file, unclosed) = self.connect().await?;
            self.set_up(&mut connection, schema).await?;
            let (opened, _presence) = (Instant::now(), Arc::clone(&self.presence));
            Ok(Session { connection, file, opened, permit, unclosed, _presence })
        };
        opened.await.inspect_err(|error: &DatabaseError| {
            if lets_nobody_in(error) {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            }
            self.failed.send_replace(Some(error.clone()));
        })
    }

    async fn connect(&self) -> Result<Opened, DatabaseError> {
        let Target::Sqlite(path) = &self.target else {
            return Ok((Connection::open(&self.target).await?, None, Arc::clone(&self.unclosed)));
        };
        let mut state = self.file.lock().await;
        while state.is_new && Arc::strong_count(&self.unclosed) > 1 {
            self.close_idle();
            sleep(POLL_INTERVAL).await;
        }
        state.is_new = false;
        for _ in 0..MAX_OPENINGS {
            let before = open_file::at(path).await;
            let connection = Connection::open(&self.target).await?;
            if let Some(file) = OpenFile::opened(path, before).await {
                return Ok((connection, Some((file, state.number)), Arc::clone(&self.unclosed)));
            }
            connection.close().await;
        }
        Err(DatabaseError::moved())
    }

    /// Requires that all sessions of the file of that number are closed before another session is opened, and that the database
    /// is set up again.
    pub(super) async fn begin_anew(&self, number: u64) {
        let mut state = self.file.lock().await;
        if state.number == number {
            *state = FileState { number: number + 1, is_new: true };
            self.forget_set_up();
            self.close_idle();
        }
    }

    /// Migrates the tables to this version, unless that was done and no later error has shown that they are gone.
    pub(super) async fn set_up(
        &self,
        connection: &mut Connection,
        schema: &Schema,
    ) -> Result<(), DatabaseError> {
        if self.is_set_up.load(Ordering::Acquire) {
            return Ok(());
        }
        let _alone = self.setting_up.lock().await;
        if !self.is_set_up.load(Ordering::Acquire) {
            (schema.set_up)(connection).await?;
            self.is_set_up.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Makes the next work set up the database again.
    pub(super) fn forget_set_up(&self) {
        self.is_set_up.store(false, Ordering::Release);
    }

    /// Returns the idle session that was used last, so that the others can grow old.
    pub(super) fn pop(&self) -> Option<Session> {
        self.idle_count.try_acquire().ok()?.forget();
        self.idle().pop().map(|idle| idle.session)
    }

    /// Returns the least recently used idle session, if it was opened before `age` ago.
    pub(super) fn pop_older_than(&self, age: Duration) -> Option<Session> {
        let mut idle = self.idle();
        let old = idle.iter().position(|idle| idle.session.opened.elapsed() >= age)?;
        self.idle_count.try_acquire().ok()?.forget();
        Some(idle.remove(old).session)
    }

    /// Returns the next idle session, first come, first served; waits forever if no session is open.
    pub(super) async fn next_idle(&self) -> Option<Session> {
        self.idle_count.acquire().await.ok()?.forget();
        self.idle().pop().map(|idle| idle.session)
    }

    /// Returns the number of sessions that are idle or at work, without those being opened or closed.
    pub(super) fn open_sessions(&self) -> usize {
        Arc::strong_count(&self.presence) - 1
    }

    /// Returns true while new logins are not attempted and the open sessions do the work: a further login attempt would cost the
    /// server and this process more than the work.
    pub(super) fn is_refused(&self) -> bool {
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        self.open_sessions() > 0 && refused.is_some_and(|refused| refused.elapsed() < LOGIN_REFUSAL_LIFETIME)
    }

    /// Returns the next idle session within `longest`. Returns at once if no session is open.
    pub(super) async fn idle_within(&self, longest: Duration) -> Option<Session> {
        if self.open_sessions() == 0 {
            return None;
        }
        timeout(longest, self.next_idle()).await.ok().flatten()
    }

    pub(super) fn give_back(&self, session: Session) {
        self.idle().push(Idle { session, since: Instant::now() });
        self.idle_count.add_permits(1);
    }

    /// Closes idle sessions.
    pub(super) fn close_idle(&self) {
        std::iter::from_fn(|| self.pop()).for_each(Session::close);
    }

    /// Closes sessions that were idle for `time`, except one: while a password changes, open sessions remain authenticated and
    /// new logins fail.
    pub(super) fn close_idle_for(&self, time: Duration) {
        let mut idle = self.idle();
        while idle.len() > 1 && idle.first().is_some_and(|oldest| oldest.since.elapsed() >= time) {
            let Ok(permit) = self.idle_count.try_acquire() else { return };
            permit.forget();
            idle.remove(0).session.close();
        }
    }

    /// Waits until an attempt to open a session fails for a reason that is `wanted`, and returns the error.
    pub(super) async fn failure(&self, wanted: fn(&DatabaseError) -> bool) -> DatabaseError {
        let mut failed = self.failed.subscribe();
        let seen = failed.wait_for(|failure| failure.as_ref().is_some_and(wanted)).await;
        match seen.ok().and_then(|failure| failure.clone()) {
            Some(failure) => failure,
            None => std::future::pending().await,
        }
    }

    /// A push or a pop is complete even if a holder of the lock panicked.
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the sessions of a generation that was prepared and never came into force.
impl Drop for Generation {
    fn drop(&mut self) {
        self.close_idle();
    }
}

impl Session {
    /// Checks that the work was done in the database that other processes find. Only a file can be replaced under a session.
    pub(super) async fn check_file(&mut self) -> Result<(), DatabaseError> {
        let Some((file, _)) = &mut self.file else { return Ok(()) };
        if file.is_in_place().await {
            return Ok(());
        }
        if file.has_moved().await {
            // The records are moved from the log to the file, wherever the file is now. If that fails, no process will find
            // either.
            let _ = self.connection.script("PRAGMA wal_checkpoint(TRUNCATE)".to_owned()).await;
        }
        if let Err(error) = file.clear_away().await {
            tracing::warn!(%error, "cannot remove what is left of the database's file");
        }
        Err(DatabaseError::moved())
    }

    /// Returns the number of the session's file.
    pub(super) fn file_number(&self) -> Option<u64> {
        self.file.as_ref().map(|(_, number)| *number)
    }

    /// Closes a session whose server does not answer, without a protocol message: the message would not arrive, and others wait
    /// for the permit.
    pub(super) fn cut(self) {
        if self.connection.is_sqlite() {
            return self.close();
        }
        let Self { connection, permit, .. } = self;
        drop(connection);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                sleep(SERVER_RELEASE_DELAY).await;
                drop(permit);
            });
        }
    }

    /// Closes the session in the background. The permit is released after the server no longer counts the session.
    pub(super) fn close(self) {
        let Self { connection, permit, unclosed, .. } = self;
        let close = async move {
            connection.close().await;
            drop(unclosed);
            sleep(SERVER_RELEASE_DELAY).await;
            drop(permit);
        };
        // Without a runtime the process is ending, which closes its sockets.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(close);
        }
    }
}

pub(super) type InForce = Mutex<Generations>;

/// The current generation, and the previous one for as long as a rollback may need it.
pub(super) struct Generations {
    pub(super) current: Arc<Generation>,
    pub(super) before: Option<Arc<Generation>>,
}

/// Returns true if the server, or a proxy before it, answers and refuses new logins. Such an error concerns the credential, the
/// role or the address; the error of an unreachable server does not.
pub(super) fn lets_nobody_in(error: &DatabaseError) -> bool {
    error.is_refused_session()
}
