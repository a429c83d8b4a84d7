use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};

use super::connection::Connection;
use super::target::Target;
use super::{Setup, Unavailable};

/// The server needs a moment to take a closed session off its own count, which is the one that is promised.
const GONE: Duration = Duration::from_millis(250);

/// Everything that was opened with one credential at one place.
pub(super) struct Generation {
    pub(super) target: Target,
    idle: Mutex<Vec<Idle>>,
    /// One for each idle session: whoever waits for one is served before whoever comes later.
    idle_count: Semaphore,
    set_up: OnceCell<()>,
    /// Shared by all open sessions.
    presence: Arc<()>,
    /// Why the last session could not be opened.
    failed: watch::Sender<Option<Unavailable>>,
}

/// An open session, and the room it takes up.
pub(super) struct Session {
    pub(super) connection: Connection,
    room: OwnedSemaphorePermit,
    _presence: Arc<()>,
}

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
            set_up: OnceCell::new(),
            presence: Arc::default(),
            failed: watch::Sender::new(None),
        }
    }

    /// Opens a session; the first one of the generation sets the database up.
    pub(super) async fn open(
        &self,
        room: OwnedSemaphorePermit,
        setup: &Setup,
    ) -> Result<Session, Unavailable> {
        let opened = async {
            let mut connection = Connection::open(&self.target).await?;
            self.set_up.get_or_try_init(|| setup(&mut connection)).await?;
            Ok(Session { connection, room, _presence: Arc::clone(&self.presence) })
        };
        opened.await.inspect_err(|error: &Unavailable| {
            self.failed.send_replace(Some(error.clone()));
        })
    }

    /// An idle session: the one used last, so that those before it can grow old.
    pub(super) fn pop(&self) -> Option<Session> {
        self.idle_count.try_acquire().ok()?.forget();
        self.idle().pop().map(|idle| idle.session)
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
    /// Says goodbye without anyone waiting for it. The room is free once the server no longer counts the session.
    pub(super) fn close(self) {
        let Self { connection, room, .. } = self;
        let close = async move {
            connection.close().await;
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
