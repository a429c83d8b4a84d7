use std::sync::Arc;

use arc_swap::Guard;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::event::Event;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::status::{Apply, Status};

/// A configuration that changes while the process runs. Clones are handles to the same one.
pub struct Live<S> {
    pub(crate) shared: Arc<Shared<S>>,
    pub(crate) asks: mpsc::UnboundedSender<oneshot::Sender<Apply>>,
}

impl<S> Clone for Live<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), asks: self.asks.clone() }
    }
}

impl<S> Live<S> {
    /// The snapshot in force, for the length of a few statements; costs nanoseconds.
    pub fn load(&self) -> Guard<Arc<Snapshot<S>>> {
        self.shared.snapshot.load()
    }

    /// The snapshot in force, which may be held across an await: its holder sees one generation.
    pub fn snapshot(&self) -> Arc<Snapshot<S>> {
        self.shared.snapshot.load_full()
    }

    /// Current status.
    pub fn status(&self) -> Status {
        self.shared.status.borrow().clone()
    }

    /// Receiver of the status, starting with the current one.
    pub fn watch_status(&self) -> watch::Receiver<Status> {
        self.shared.status.subscribe()
    }

    /// Receiver of all events from now on.
    pub fn events(&self) -> broadcast::Receiver<Event<S>> {
        self.shared.events.subscribe()
    }

    /// Reads the sources now, including a configuration that was refused before, and returns the outcome: after the commit, not
    /// after the observe window, in which the outcome is still [`Apply::Applying`]. Calls during a reload are merged into one
    /// reload after it, that is up to [`Timing::prepare`](crate::Timing::prepare) and
    /// [`Timing::observe`](crate::Timing::observe) later. `None` when the driver has ended.
    pub async fn reload(&self) -> Option<Apply> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(answer).ok()?;
        answered.await.ok()
    }
}
