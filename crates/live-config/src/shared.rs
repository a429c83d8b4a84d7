//! State that the engine publishes and handles read.

use arc_swap::ArcSwap;
use tokio::sync::{broadcast, watch};

use crate::event::Event;
use crate::snapshot::Snapshot;
use crate::status::Status;

pub(crate) struct Shared<S> {
    /// The snapshot in force.
    pub(crate) snapshot: ArcSwap<Snapshot<S>>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) events: broadcast::Sender<Event<S>>,
}
