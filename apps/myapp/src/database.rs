//! The database: sessions with it and nothing else. What is asked of it is [`crate::store`]'s.
//!
//! Sessions come in generations, one for each credential and place. New work goes to the generation in force; a session
//! of another one is closed when its work ends, at the latest [`LONGEST_WORK`] after the change. One limit spans all of
//! them, and a session holds its part of it from before it is opened until the server no longer counts it.

mod connection;
mod file;
mod generation;
mod iam;
mod limit;
mod rotation;
mod target;
mod token;
mod unavailable;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

pub(crate) use connection::{Connection, Row, Value};
pub use iam::PodIdentity;
pub use target::Wiring;
pub use token::{Pending, TokenSource};
pub use unavailable::{Reason, Unavailable};

use crate::settings::Settings;
use generation::{Generation, Generations, InForce, Session};
use limit::Limit;
use target::Target;

/// Longest time to open a session in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time to wait for a session in.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time one statement may take, as told to the server.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time one piece of work may hold a session. Longer than a statement's, so that the server ends it first; the
/// session of a server that answers nothing at all is cut.
pub const LONGEST_WORK: Duration = Duration::from_secs(10);
/// Sessions that nobody used for so long are closed.
const LONGEST_IDLE: Duration = Duration::from_secs(300);
/// Longest time to wait for someone else's session where no new one can be had.
const WAIT_FOR_IDLE: Duration = Duration::from_secs(3);
/// Time after which whoever waits for room looks again whether a session can make some.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Longest time to say goodbye to all sessions in.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// One piece of work on a session. It may be done twice, when the session turns out to be lost.
pub(crate) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>;

/// Makes the database fit for use; run on the first session of each generation.
pub(crate) type Setup = Arc<dyn Fn(&mut Connection) -> Work<'_, ()> + Send + Sync>;

/// The database that the settings name. Clones are handles to the same one.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    wiring: Wiring,
    setup: Setup,
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
    /// database is away. `setup` makes each database fit for use.
    ///
    /// # Errors
    /// Why the settings do not fit the wiring.
    pub(crate) fn new(settings: &Settings, wiring: Wiring, setup: Setup) -> Result<Self, String> {
        let target = Target::of(settings, &wiring)?;
        let sessions = target.sessions(settings.max_connections.get());
        let current = Arc::new(Generation::new(target));
        let shared = Shared {
            wiring,
            setup,
            in_force: Mutex::new(Generations { current, before: None }),
            turns: Limit::new(sessions),
            rooms: Limit::new(sessions),
            writer: Semaphore::new(1),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Whether it does now what is asked of it, writing included. Costs a round trip and a session's turn.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&self) -> Result<(), Unavailable> {
        self.write(|connection| Box::pin(check(connection))).await
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
        self.run(false, work).await
    }

    /// Does something that may change what is kept, and that leaves the same when done twice.
    pub(crate) async fn write<T, W>(&self, work: W) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        W: Fn(&mut Connection) -> Work<'_, T> + Send + Sync + 'static,
    {
        self.run(true, work).await
    }

    /// In a task of its own, which ends even where whoever asked has gone: a session left in the middle of something
    /// could not be used again.
    async fn run<T, W>(&self, writes: bool, work: W) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        W: Fn(&mut Connection) -> Work<'_, T> + Send + Sync + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move {
            match shared.attempt(writes, &work).await {
                // The server was started anew, for example: one that is opened now will do.
                Err(error) if error.is_lost_session() => shared.attempt(writes, &work).await,
                outcome => outcome,
            }
        });
        task.await.unwrap_or_else(|_| Err(Unavailable::with(Reason::Other, "panic")))
    }

    /// Closes sessions that nobody uses any more, for as long as it runs.
    pub(crate) async fn tend(self) {
        loop {
            sleep(LONGEST_IDLE / 4).await;
            self.shared.current().close_idle_for(LONGEST_IDLE);
        }
    }

    /// Ends all sessions, waiting a little for what still runs.
    pub(crate) async fn close(&self) {
        self.shared.turns.close();
        let all_gone = async {
            while self.sessions() > 0 {
                self.shared.current().close_idle();
                sleep(Duration::from_millis(10)).await;
            }
        };
        // What is left is closed with the process.
        let _ = timeout(CLOSE_TIMEOUT, all_gone).await;
    }
}

impl Shared {
    async fn attempt<T, W>(&self, writes: bool, work: &W) -> Result<T, Unavailable>
    where
        W: Fn(&mut Connection) -> Work<'_, T> + Sync,
    {
        let acquire = async {
            let alone = writes && matches!(self.current().target, Target::Sqlite(_));
            let writer = if alone { self.writer.acquire().await.ok() } else { None };
            let turn = self.turns.take().await.ok_or(Unavailable::of(Reason::Stopping))?;
            let (generation, session) = self.session().await?;
            Ok((writer, turn, generation, session))
        };
        let acquired = timeout(ACQUIRE_TIMEOUT, acquire).await;
        // Both are given back after the session.
        let (_writer, _turn, generation, mut session) =
            acquired.unwrap_or_else(|_| Err(Unavailable::of(Reason::Timeout)))?;
        let outcome = timeout(LONGEST_WORK, work(&mut session.connection)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Unavailable::of(Reason::Timeout)));
        match &outcome {
            Ok(_) if self.keeps(&generation) => generation.give_back(session),
            Ok(_) => session.close(),
            // Perhaps in the middle of something, and if lost, those opened before it are as well.
            Err(error) => {
                session.close();
                if error.is_lost_session() {
                    generation.close_idle();
                }
            }
        }
        outcome
    }

    /// A session of the generation in force. Where the server lets no new one in, those it has let in before do the work:
    /// it may have been given a password that this process is about to be told.
    async fn session(&self) -> Result<(Arc<Generation>, Session), Unavailable> {
        loop {
            let generation = self.current();
            match self.session_of(&generation).await {
                Ok(Some(session)) => return Ok((generation, session)),
                Ok(None) => {}
                Err(error) if error.reason == Reason::Authentication => {
                    match generation.idle_within(WAIT_FOR_IDLE).await {
                        Some(session) => return Ok((generation, session)),
                        None if Arc::ptr_eq(&self.current(), &generation) => return Err(error),
                        None => {}
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// An idle session, or a new one if there is room for it soon; `None` where it is worth to look again.
    async fn session_of(&self, generation: &Arc<Generation>) -> Result<Option<Session>, Unavailable> {
        if let Some(session) = generation.pop() {
            return Ok(Some(session));
        }
        if self.rooms.is_full() {
            self.make_room_for(generation);
        }
        tokio::select! {
            biased;
            session = generation.next_idle() => Ok(session),
            room = self.rooms.take() => {
                let room = room.ok_or(Unavailable::of(Reason::Stopping))?;
                generation.open(room, &self.setup).await.map(Some)
            }
            () = sleep(LOOK_AGAIN) => Ok(None),
        }
    }

    /// Closes an idle session of another generation, if there is one. The last of the generation in force stays, unless it is the
    /// only one there may be: if its credential lets nobody in any more, it is all that can do the work.
    fn make_room_for(&self, generation: &Arc<Generation>) {
        let generations = self.generations();
        let before = generations.before.iter();
        let current =
            Some(&generations.current).filter(|current| current.open_sessions() > 1 || self.rooms.get() == 1);
        let mut others = before.chain(current).filter(|other| !Arc::ptr_eq(other, generation));
        if let Some(session) = others.find_map(|other| other.pop()) {
            session.close();
        }
    }

    /// Whether a session of `generation` will be of use again.
    fn keeps(&self, generation: &Arc<Generation>) -> bool {
        Arc::ptr_eq(&self.generations().current, generation) && !self.rooms.is_in_debt()
    }

    fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.generations().current)
    }

    /// Each change is a few assignments, so that it is whole even where a holder panicked.
    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn check(connection: &mut Connection) -> Result<(), Unavailable> {
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
