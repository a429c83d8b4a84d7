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

    /// The snapshot in force, to be kept across an await: whoever holds it sees one generation.
    pub fn snapshot(&self) -> Arc<Snapshot<S>> {
        self.shared.snapshot.load_full()
    }

    /// Where the process stands now.
    pub fn status(&self) -> Status {
        self.shared.status.borrow().clone()
    }

    /// Tells each change of the status, from the present one on.
    pub fn watch_status(&self) -> watch::Receiver<Status> {
        self.shared.status.subscribe()
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event<S>> {
        self.shared.events.subscribe()
    }

    /// Looks at the sources now, also at what was refused before, and returns what became of it: after the commit, not
    /// after the observe window, in which it is still [`Apply::Applying`]. Calls while a reload runs are folded into one
    /// after it, that is up to [`Timing::prepare`](crate::Timing::prepare) and
    /// [`Timing::observe`](crate::Timing::observe) later. `None` when the driver has ended.
    pub async fn reload(&self) -> Option<Apply> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(answer).ok()?;
        answered.await.ok()
    }
}
