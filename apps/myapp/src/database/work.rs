//! One unit of work: its session, its time limits, and the effect of its failure on other sessions.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::connection::Connection;
use super::generation::{Generation, Generations, Session, lets_nobody_in};
use super::target::Target;
use super::timeouts::ACQUIRE_TIMEOUT;
use super::{DatabaseError, Reason, Shared, Work};

/// Time limit for the wait for a session in use if no new one can be opened.
const IDLE_SESSION_TIMEOUT: Duration = Duration::from_secs(3);
/// Interval at which a waiter for a permit checks whether a session can be closed for it.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// Time limit for the check that a session works.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum attempts at one unit of work, each on another session.
const MAX_ATTEMPTS: usize = 3;
/// Time after which no further attempt begins: longer than one unit of work on a silent session, shorter than any caller waits.
const MAX_RETRY_TIME: Duration = Duration::from_secs(7);

impl Shared {
    /// Runs `work`, which may not hold a session for longer than `limit`. If it fails for a reason that another session may not
    /// have, such as a restarted server, it is retried on another session.
    pub(super) async fn run<T, W>(
        self: Arc<Self>,
        writes: bool,
        limit: Duration,
        work: W,
    ) -> Result<T, DatabaseError>
    where
        W: Fn(&mut Connection) -> Work<'_, T> + Sync,
    {
        let begun = Instant::now();
        let mut attempts = 1;
        loop {
            match self.attempt(writes, limit, &work).await {
                Err(error)
                    if error.may_work_elsewhere()
                        && attempts < MAX_ATTEMPTS
                        && begun.elapsed() < MAX_RETRY_TIME =>
                {
                    attempts += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt<T, W>(
        self: &Arc<Self>,
        writes: bool,
        limit: Duration,
        work: &W,
    ) -> Result<T, DatabaseError>
    where
        W: Fn(&mut Connection) -> Work<'_, T> + Sync,
    {
        let acquire = async {
            let alone = writes && matches!(self.current().target, Target::Sqlite(_));
            let writer = if alone { self.writer.acquire().await.ok() } else { None };
            let turn = self.work_permits.take().await.ok_or(DatabaseError::of(Reason::Stopping))?;
            let (generation, session) = self.session().await?;
            Ok((writer, turn, generation, session))
        };
        let acquired = timeout(ACQUIRE_TIMEOUT, acquire).await;
        // Both permits are released after the session.
        let (_writer, _turn, generation, mut session) =
            acquired.unwrap_or_else(|_| Err(DatabaseError::of(Reason::Timeout)))?;
        let done = async {
            generation.set_up(&mut session.connection, &self.schema).await?;
            let result = work(&mut session.connection).await?;
            session.check_file().await?;
            Ok(result)
        };
        let mut outcome = timeout(limit, done).await.unwrap_or_else(|_| Err(DatabaseError::silent()));
        if outcome.is_err()
            && let Err(moved) = session.check_file().await
        {
            // A moved file is the cause of the failure.
            outcome = Err(moved);
        }
        match &outcome {
            Ok(_) => self.put_back(&generation, session),
            Err(error) => {
                let file = session.file_number().filter(|_| error.is_moved());
                if error.leaves_session_usable() {
                    self.try_out(Arc::clone(&generation), session, true);
                } else if error.is_silent() {
                    session.cut();
                } else {
                    session.close();
                }
                self.doubt(&generation, error);
                if let Some(number) = file {
                    generation.begin_anew(number).await;
                }
            }
        }
        outcome
    }

    /// Checks the idle sessions after a failure that may concern them too. They are tested rather than closed: while the server
    /// refuses new logins, the open sessions cannot be replaced.
    fn doubt(self: &Arc<Self>, generation: &Arc<Generation>, error: &DatabaseError) {
        if error.reason == Reason::Schema {
            generation.forget_set_up();
        }
        if error.concerns_other_sessions() && !error.is_moved() {
            let idle = std::iter::from_fn(|| generation.pop());
            idle.for_each(|session| self.try_out(Arc::clone(generation), session, false));
        }
    }

    /// Tests in the background that a session works and may write; closes it if it does not.
    fn try_out(self: &Arc<Self>, generation: Arc<Generation>, mut session: Session, in_transaction: bool) {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let proof = async {
                if in_transaction {
                    session.connection.rollback().await?;
                }
                super::may_write(&mut session.connection).await
            };
            match timeout(TRIAL_TIMEOUT, proof).await {
                Ok(Ok(())) => shared.put_back(&generation, session),
                Ok(Err(_)) => session.close(),
                Err(_) => session.cut(),
            }
        });
    }

    fn put_back(&self, generation: &Arc<Generation>, session: Session) {
        if self.retains_session_of(generation) {
            generation.give_back(session);
        } else {
            session.close();
        }
    }

    /// Returns a session of the generation in force. If the server refuses new logins, sessions opened earlier do the work: the
    /// server may have a password that has not reached this process yet.
    async fn session(&self) -> Result<(Arc<Generation>, Session), DatabaseError> {
        loop {
            let generation = self.current();
            match self.session_of(&generation).await {
                Ok(Some(session)) => return Ok((generation, session)),
                Ok(None) => {}
                Err(error) if lets_nobody_in(&error) => {
                    if let Some(session) = self.session_let_in_before(&generation).await {
                        return Ok(session);
                    }
                    if Arc::ptr_eq(&self.current(), &generation) {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns an idle session, or a new one if there is a permit for it soon; `None` if the caller should try again.
    pub(super) async fn session_of(
        &self,
        generation: &Arc<Generation>,
    ) -> Result<Option<Session>, DatabaseError> {
        if let Some(session) = generation.pop() {
            return Ok(Some(session));
        }
        if generation.is_refused() {
            return Ok(timeout(RETRY_INTERVAL, generation.next_idle()).await.ok().flatten());
        }
        if self.session_permits.is_full() {
            self.make_room_for(generation);
        }
        tokio::select! {
            biased;
            session = generation.next_idle() => Ok(session),
            permit = self.session_permits.take() => {
                let permit = permit.ok_or(DatabaseError::of(Reason::Stopping))?;
                generation.open(permit, &self.schema).await.map(Some)
            }
            () = sleep(RETRY_INTERVAL) => Ok(None),
        }
    }

    /// Returns the next idle session of `generation` or, while `generation` may still be rolled back, of the previous one.
    async fn session_let_in_before(
        &self,
        generation: &Arc<Generation>,
    ) -> Option<(Arc<Generation>, Session)> {
        let before = self.generations().before.clone();
        let of_before = async {
            let before = before?;
            let session = before.idle_within(IDLE_SESSION_TIMEOUT).await?;
            Some((before, session))
        };
        tokio::select! {
            biased;
            Some(session) = generation.idle_within(IDLE_SESSION_TIMEOUT) => Some((Arc::clone(generation), session)),
            Some(session) = of_before => Some(session),
            else => None,
        }
    }

    /// Closes an idle session of another generation, if there is one to spare.
    ///
    /// While a generation may still be rolled back, the previous one retains half of all sessions: they do the work if the server
    /// accepts neither credential any more. While a generation is being prepared, the current one retains its last session,
    /// unless the limit is one session: it cannot serve both generations.
    fn make_room_for(&self, generation: &Arc<Generation>) {
        let generations = self.generations();
        let before = generations.before.as_ref().filter(|before| before.open_sessions() > self.reserve());
        let current = Some(&generations.current)
            .filter(|current| current.open_sessions() > 1 || self.session_permits.get() == 1);
        let mut others = before.into_iter().chain(current).filter(|other| !Arc::ptr_eq(other, generation));
        if let Some(session) = others.find_map(|other| other.pop()) {
            session.close();
        }
    }

    /// Returns the number of sessions that a generation retains for as long as the next one may be rolled back.
    pub(super) fn reserve(&self) -> usize {
        self.session_permits.get() / 2
    }

    /// Returns true if a session of `generation` will be of use again.
    fn retains_session_of(&self, generation: &Arc<Generation>) -> bool {
        if self.session_permits.is_in_debt() {
            return false;
        }
        let generations = self.generations();
        if Arc::ptr_eq(&generations.current, generation) {
            return true;
        }
        let is_before = generations.before.as_ref().is_some_and(|before| Arc::ptr_eq(before, generation));
        is_before && (!self.session_permits.is_full() || generation.open_sessions() <= self.reserve())
    }

    /// Replaces idle sessions that were opened before `age` ago. The new session is opened first, since the server may refuse the
    /// login; without permits for both, the old session stays open.
    pub(super) async fn renew(&self, age: Duration) {
        let generation = self.current();
        while !self.session_permits.is_full() {
            let Some(old) = generation.pop_older_than(age) else { return };
            let Some(permit) = self.session_permits.take().await else { return };
            let Ok(session) = generation.open(permit, &self.schema).await else {
                return self.put_back(&generation, old);
            };
            self.put_back(&generation, session);
            old.close();
        }
    }

    /// Closes the idle sessions of all generations.
    pub(super) fn close_idle(&self) {
        let generations = self.generations();
        generations
            .before
            .iter()
            .chain([&generations.current])
            .for_each(|generation| generation.close_idle());
    }

    pub(super) fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.generations().current)
    }

    /// Each change is a few assignments, so that it is complete even if a holder of the lock panicked.
    pub(super) fn generations(&self) -> MutexGuard<'_, Generations> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
