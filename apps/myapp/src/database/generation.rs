use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};

use super::connection::Connection;
use super::open_file::{self, OpenFile};
use super::schema::Schema;
use super::target::Target;
use super::unavailable::Unavailable;

/// The server needs a moment to take a closed session off its own count, which is the one that is promised.
const GONE: Duration = Duration::from_millis(250);
/// Time for which a refusal to let anyone in is taken to hold while others are in.
const REFUSAL_HOLDS: Duration = Duration::from_secs(1);
/// Time after which whoever waits for the end of all sessions looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Times that a file is opened anew because another lay at its path in between; a file that is created is opened twice.
const MAX_OPENINGS: usize = 4;

/// Everything that was opened with one credential at one place.
pub(super) struct Generation {
    pub(super) target: Target,
    idle: Mutex<Vec<Idle>>,
    /// One for each idle session: whoever waits for one is served before whoever comes later.
    idle_count: Semaphore,
    /// Whether the tables are known to be there.
    is_set_up: AtomicBool,
    setting_up: AsyncMutex<()>,
    file: AsyncMutex<FileState>,
    /// Shared by all open sessions.
    presence: Arc<()>,
    /// Shared by all sessions until they are closed.
    unclosed: Arc<()>,
    /// Why the last session could not be opened.
    failed: watch::Sender<Option<Unavailable>>,
    /// When the server last let nobody in.
    refused: Mutex<Option<Instant>>,
}

/// Which file lies at the path of an SQLite database.
#[derive(Default)]
struct FileState {
    /// Files so far.
    number: u64,
    /// Whether sessions of the file before may be open. They would share SQLite's index of the log with those of the next one, since
    /// a process has one for each file, so the next session is opened when they are closed.
    is_new: bool,
}

/// An open session, and the room it takes up.
pub(super) struct Session {
    pub(super) connection: Connection,
    /// Of SQLite only: the file, and its number.
    file: Option<(OpenFile, u64)>,
    opened: Instant,
    room: OwnedSemaphorePermit,
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

    /// Opens a session; the first one of the generation sets the database up.
    pub(super) async fn open(
        &self,
        room: OwnedSemaphorePermit,
        schema: &Schema,
    ) -> Result<Session, Unavailable> {
        let opened = async {
            let (mut connection, file, unclosed) = self.connect().await?;
            self.set_up(&mut connection, schema).await?;
            let (opened, _presence) = (Instant::now(), Arc::clone(&self.presence));
            Ok(Session { connection, file, opened, room, unclosed, _presence })
        };
        opened.await.inspect_err(|error: &Unavailable| {
            if lets_nobody_in(error) {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            }
            self.failed.send_replace(Some(error.clone()));
        })
    }

    async fn connect(&self) -> Result<Opened, Unavailable> {
        let Target::Sqlite(path) = &self.target else {
            return Ok((Connection::open(&self.target).await?, None, Arc::clone(&self.unclosed)));
        };
        let mut state = self.file.lock().await;
        while state.is_new && Arc::strong_count(&self.unclosed) > 1 {
            self.close_idle();
            sleep(LOOK_AGAIN).await;
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
        Err(Unavailable::moved())
    }

    /// Has all sessions of the file of that number closed before another one is opened, and the database set up again.
    pub(super) async fn begin_anew(&self, number: u64) {
        let mut state = self.file.lock().await;
        if state.number == number {
            *state = FileState { number: number + 1, is_new: true };
            self.forget_set_up();
            self.close_idle();
        }
    }

    /// Brings the tables to this version, unless that was done and nothing has shown since that they are gone.
    pub(super) async fn set_up(
        &self,
        connection: &mut Connection,
        schema: &Schema,
    ) -> Result<(), Unavailable> {
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

    /// Has the next work set the database up again.
    pub(super) fn forget_set_up(&self) {
        self.is_set_up.store(false, Ordering::Release);
    }

    /// An idle session: the one used last, so that those before it can grow old.
    pub(super) fn pop(&self) -> Option<Session> {
        self.idle_count.try_acquire().ok()?.forget();
        self.idle().pop().map(|idle| idle.session)
    }

    /// The idle session that was used least, where it was opened before `age` ago.
    pub(super) fn pop_older_than(&self, age: Duration) -> Option<Session> {
        let mut idle = self.idle();
        let old = idle.iter().position(|idle| idle.session.opened.elapsed() >= age)?;
        self.idle_count.try_acquire().ok()?.forget();
        Some(idle.remove(old).session)
    }

    /// The next session to be idle, in the order of asking; waits for ever where none is open.
    pub(super) async fn next_idle(&self) -> Option<Session> {
        self.idle_count.acquire().await.ok()?.forget();
        self.idle().pop().map(|idle| idle.session)
    }

    /// Sessions that are idle or at work; those being opened or closed are not counted.
    pub(super) fn open_sessions(&self) -> usize {
        Arc::strong_count(&self.presence) - 1
    }

    /// Whether those who are in do the work for a moment: each further attempt to log in would cost the server and this process
    /// more than the work.
    pub(super) fn is_refused(&self) -> bool {
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        self.open_sessions() > 0 && refused.is_some_and(|refused| refused.elapsed() < REFUSAL_HOLDS)
    }

    /// The next session to be idle within `longest`. Where none is open nothing is waited for.
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

    /// Ends what nobody uses.
    pub(super) fn close_idle(&self) {
        std::iter::from_fn(|| self.pop()).for_each(Session::close);
    }

    /// Ends what nobody has used for `time`, except one: while a password changes, those who are in stay in, and nobody
    /// else is let in.
    pub(super) fn close_idle_for(&self, time: Duration) {
        let mut idle = self.idle();
        while idle.len() > 1 && idle.first().is_some_and(|oldest| oldest.since.elapsed() >= time) {
            let Ok(permit) = self.idle_count.try_acquire() else { return };
            permit.forget();
            idle.remove(0).session.close();
        }
    }

    /// Waits until a session could not be opened for a reason that is `wanted`, and returns it.
    pub(super) async fn failure(&self, wanted: fn(&Unavailable) -> bool) -> Unavailable {
        let mut failed = self.failed.subscribe();
        let seen = failed.wait_for(|failure| failure.as_ref().is_some_and(wanted)).await;
        match seen.ok().and_then(|failure| failure.clone()) {
            Some(failure) => failure,
            None => std::future::pending().await,
        }
    }

    /// A push or a pop is whole even where a holder panicked.
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A generation that was prepared and never came into force leaves nothing behind.
impl Drop for Generation {
    fn drop(&mut self) {
        self.close_idle();
    }
}

impl Session {
    /// Makes sure that the work done was done to the database that others find. Only a file can be replaced under a session.
    pub(super) async fn prove_place(&mut self) -> Result<(), Unavailable> {
        let Some((file, _)) = &mut self.file else { return Ok(()) };
        if file.is_in_place().await {
            return Ok(());
        }
        if file.has_moved().await {
            // What was recorded stays with the file, wherever it is now. Where it cannot, nobody will find either.
            let _ = self.connection.script("PRAGMA wal_checkpoint(TRUNCATE)".to_owned()).await;
        }
        if let Err(error) = file.clear_away().await {
            tracing::warn!(%error, "cannot remove what is left of the database's file");
        }
        Err(Unavailable::moved())
    }

    /// The number of its file.
    pub(super) fn file_number(&self) -> Option<u64> {
        self.file.as_ref().map(|(_, number)| *number)
    }

    /// Closes a session whose server does not answer: it would not hear a goodbye, and others wait for the room.
    pub(super) fn cut(self) {
        if self.connection.is_sqlite() {
            return self.close();
        }
        let Self { connection, room, .. } = self;
        drop(connection);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                sleep(GONE).await;
                drop(room);
            });
        }
    }

    /// Says goodbye without anyone waiting for it. The room is free once the server no longer counts the session.
    pub(super) fn close(self) {
        let Self { connection, room, unclosed, .. } = self;
        let close = async move {
            connection.close().await;
            drop(unclosed);
            sleep(GONE).await;
            drop(room);
        };
        // Without a runtime the process is ending, and its sockets with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(close);
        }
    }
}

pub(super) type InForce = Mutex<Generations>;

/// What new work goes to, and what served before for as long as it may have to come back.
pub(super) struct Generations {
    pub(super) current: Arc<Generation>,
    pub(super) before: Option<Arc<Generation>>,
}

/// Whether the server, or whatever stands before it, answers and lets nobody new in. That says something of the credential, the
/// role or the address, which a server that is away does not.
pub(super) fn lets_nobody_in(error: &Unavailable) -> bool {
    error.is_refused_session()
}
