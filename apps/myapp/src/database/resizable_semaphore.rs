use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::sync::{Arc, Mutex, PoisonError};

/// A semaphore whose number of permits may change while permits are in use. A reduction revokes no permit; returned permits are
/// withheld until the new number is reached.
#[derive(Clone)]
pub(super) struct ResizableSemaphore {
    permits: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

struct State {
    limit: usize,
    /// Permits still to be withdrawn.
    debt: usize,
}

impl ResizableSemaphore {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(limit)),
            state: Arc::new(Mutex::new(State { limit, debt: 0 })),
        }
    }

    /// Takes a permit, first come, first served; `None` after the close. Returned permits reduce the debt first.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
            let is_due = self.with(|state| {
                let is_due = state.debt > 0;
                state.debt -= usize::from(is_due);
                is_due
            });
            if !is_due {
                return Some(permit);
            }
            permit.forget();
        }
    }

    /// Returns the number of permits in use.
    pub(super) fn in_use(&self) -> usize {
        self.with(|state| state.limit + state.debt).saturating_sub(self.permits.available_permits())
    }

    /// Returns true if the next request for a permit has to wait.
    pub(super) fn is_full(&self) -> bool {
        self.is_in_debt() || self.permits.available_permits() == 0
    }

    /// Returns true if returned permits are withdrawn.
    pub(super) fn is_in_debt(&self) -> bool {
        self.debt() > 0
    }

    /// Returns the number of permits in use that will be withdrawn on return.
    pub(super) fn debt(&self) -> usize {
        self.with(|state| {
            self.pay(state);
            state.debt
        })
    }

    /// Returns the limit in force.
    pub(super) fn get(&self) -> usize {
        self.with(|state| state.limit)
    }

    /// Sets the limit. An increase applies at once, a reduction as permits are returned.
    pub(super) fn set(&self, limit: usize) {
        let grown = self.with(|state| {
            let more = limit.saturating_sub(state.limit);
            let forgiven = more.min(state.debt);
            state.debt = state.debt - forgiven + state.limit.saturating_sub(limit);
            state.limit = limit;
            self.pay(state);
            more - forgiven
        });
        self.permits.add_permits(grown);
    }

    /// Closes the semaphore: no further permit is given out.
    pub(super) fn close(&self) {
        self.permits.close();
    }

    /// Reduces the debt by the permits that are free and not waited for.
    fn pay(&self, state: &mut State) {
        state.debt -= self.permits.forget_permits(state.debt);
    }

    /// Each change of the state is a few assignments, so that it is complete even if a holder of the lock panicked.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    /// Polls the future once and returns its output, if it is ready.
    fn now<T>(future: Pin<&mut impl Future<Output = Option<T>>>) -> Option<T> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ready) => ready,
            Poll::Pending => None,
        }
    }

    fn taken(limit: &ResizableSemaphore) -> Option<OwnedSemaphorePermit> {
        now(pin!(limit.take()))
    }

    #[test]
    fn lowered_limit_collects_permits_as_they_return() {
        let limit = ResizableSemaphore::new(3);
        let (first, second) = (taken(&limit), taken(&limit));
        limit.set(1);
        assert!(limit.is_in_debt() && taken(&limit).is_none());
        drop(first);
        assert!(taken(&limit).is_none());
        drop(second);
        let only = taken(&limit);
        assert!(only.is_some() && taken(&limit).is_none());
        assert!(!limit.is_in_debt());
        assert_eq!((limit.get(), limit.in_use()), (1, 1));
    }

    #[test]
    fn raised_limit_cancels_uncollected_debt() {
        let limit = ResizableSemaphore::new(2);
        let (first, second) = (taken(&limit), taken(&limit));
        limit.set(1);
        limit.set(3);
        let third = taken(&limit);
        assert!(third.is_some() && taken(&limit).is_none());
        drop((first, second, third));
        let all: Vec<_> = std::iter::from_fn(|| taken(&limit)).collect();
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn whoever_waits_is_served_after_the_debt() {
        let limit = ResizableSemaphore::new(2);
        let (first, second) = (taken(&limit), taken(&limit));
        let mut waiting = pin!(limit.take());
        assert!(now(waiting.as_mut()).is_none());
        limit.set(1);
        drop(first);
        assert!(now(waiting.as_mut()).is_none());
        drop(second);
        assert!(now(waiting.as_mut()).is_some());
    }
}
