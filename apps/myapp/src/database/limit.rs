use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A number of permits that may change while they are out. When it falls, nothing is taken from those who hold one, but
/// what comes back is kept until the new number is reached.
#[derive(Clone)]
pub(super) struct Limit {
    permits: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

struct State {
    limit: usize,
    /// Permits still to be taken out of circulation.
    debt: usize,
}

impl Limit {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(limit)),
            state: Arc::new(Mutex::new(State { limit, debt: 0 })),
        }
    }

    /// In the order of asking; `None` once closed.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).acquire_owned().await.ok()
    }

    #[cfg(test)]
    fn try_take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Whether permits that come back are to be given up.
    pub(super) fn is_in_debt(&self) -> bool {
        self.with(|state| state.debt > 0)
    }

    /// Permits that are out.
    pub(super) fn in_use(&self) -> usize {
        self.with(|state| state.limit + state.debt).saturating_sub(self.permits.available_permits())
    }

    /// Whether the next one to ask has to wait.
    pub(super) fn is_full(&self) -> bool {
        self.permits.available_permits() == 0
    }

    /// The number in force.
    pub(super) fn get(&self) -> usize {
        self.with(|state| state.limit)
    }

    /// A greater number holds at once, a smaller one as permits come back.
    pub(super) fn set(&self, limit: usize) {
        let (grown, indebted) = self.with(|state| {
            let more = limit.saturating_sub(state.limit);
            let forgiven = more.min(state.debt);
            state.debt = state.debt - forgiven + state.limit.saturating_sub(limit);
            state.limit = limit;
            (more - forgiven, state.debt > 0)
        });
        self.permits.add_permits(grown);
        if indebted {
            tokio::spawn(self.clone().collect());
        }
    }

    /// Nothing is given out any more.
    pub(super) fn close(&self) {
        self.permits.close();
    }

    async fn collect(self) {
        while self.is_in_debt() {
            let Some(permit) = self.take().await else { return };
            let is_due = self.with(|state| {
                let is_due = state.debt > 0;
                state.debt -= usize::from(is_due);
                is_due
            });
            if is_due {
                permit.forget();
            }
        }
    }

    /// Each change of the state is a few assignments, so that it is whole even where a holder panicked.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_out_when_the_limit_falls_is_kept_when_it_comes_back() {
        let limit = Limit::new(3);
        let (first, second) = (limit.take().await, limit.take().await);
        limit.set(1);
        tokio::task::yield_now().await;
        assert!(limit.try_take().is_none());
        drop(first);
        tokio::task::yield_now().await;
        assert!(limit.try_take().is_none());
        drop(second);
        tokio::task::yield_now().await;
        let only = limit.try_take();
        assert!(only.is_some() && limit.try_take().is_none());
        assert!(!limit.is_in_debt());
    }

    #[tokio::test]
    async fn a_limit_that_rises_again_forgives_what_was_not_yet_collected() {
        let limit = Limit::new(2);
        let (first, second) = (limit.take().await, limit.take().await);
        limit.set(1);
        limit.set(3);
        let third = limit.try_take();
        assert!(third.is_some() && limit.try_take().is_none());
        drop((first, second, third));
        tokio::task::yield_now().await;
        let all: Vec<_> = std::iter::from_fn(|| limit.try_take()).collect();
        assert_eq!(all.len(), 3);
    }
}
