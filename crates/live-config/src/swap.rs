use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::participant::{Committed, Participant, Prepared, Refusal, Step};
use crate::snapshot::{Changes, Snapshot};

/// A place for a value that changes with the configuration. Clones are handles to the same place.
pub struct Slot<T>(Arc<ArcSwap<T>>);

impl<T> Slot<T> {
    /// A place that holds `value` first.
    pub fn new(value: T) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(value)))
    }

    /// The value in force; its holder is not affected by later changes.
    pub fn load(&self) -> Arc<T> {
        self.0.load_full()
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A participant that builds a new value for a [`Slot`] beside the one in use, and swaps both with the change.
pub struct Swap<T, B> {
    name: &'static str,
    slot: Slot<T>,
    build: B,
}

impl<T, B> Swap<T, B> {
    /// A participant called `name` in reasons and logs. `build` makes the value for a snapshot, or refuses the snapshot.
    pub fn new(name: &'static str, slot: &Slot<T>, build: B) -> Self {
        Self { name, slot: slot.clone(), build }
    }
}

impl<S, T, B, F> Participant<S> for Swap<T, B>
where
    S: Send + Sync + 'static,
    T: Send + Sync + 'static,
    B: Fn(Arc<Snapshot<S>>) -> F + Send + Sync,
    F: Future<Output = Result<T, Refusal>> + Send + 'static,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn prepare(&self, next: Arc<Snapshot<S>>, _: &Changes) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let (slot, built) = (self.slot.clone(), (self.build)(next));
        Box::pin(async move {
            let value = Arc::new(built.await?);
            Ok(Box::new(Built { slot, value }) as Box<dyn Prepared>)
        })
    }
}

/// The value to come into force or, once it has, the one before it.
struct Built<T> {
    slot: Slot<T>,
    value: Arc<T>,
}

impl<T> Built<T> {
    fn swap(&mut self) {
        self.value = self.slot.0.swap(Arc::clone(&self.value));
    }
}

impl<T: Send + Sync + 'static> Prepared for Built<T> {
    fn commit(mut self: Box<Self>) -> Box<dyn Committed> {
        self.swap();
        self
    }
}

impl<T: Send + Sync + 'static> Committed for Built<T> {
    fn roll_back(mut self: Box<Self>) {
        self.swap();
    }
}
