//! tokio's semaphore as its documentation describes it: permits go to the longest waiter.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use loom::sync::{Mutex, MutexGuard};

pub struct Semaphore(Mutex<State>);

#[derive(Default)]
struct State {
    available: usize,
    is_closed: bool,
    /// The number of the next one to wait.
    next: usize,
    waiting: VecDeque<(usize, Waker)>,
    /// Numbers of those who have a permit and do not know yet.
    given: Vec<usize>,
}

/// One permit.
pub struct OwnedSemaphorePermit {
    semaphore: Arc<Semaphore>,
    is_forgotten: bool,
}

#[derive(Debug)]
pub struct AcquireError;

impl Semaphore {
    pub fn new(available: usize) -> Self {
        Self(Mutex::new(State { available, ..State::default() }))
    }

    pub fn available_permits(&self) -> usize {
        self.state().available
    }

    pub fn add_permits(&self, n: usize) {
        let mut state = self.state();
        let mut woken = Vec::new();
        for _ in 0..n {
            match state.waiting.pop_front() {
                Some((number, waker)) => {
                    state.given.push(number);
                    woken.push(waker);
                }
                None => state.available += 1,
            }
        }
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }

    pub fn forget_permits(&self, n: usize) -> usize {
        let mut state = self.state();
        let forgotten = n.min(state.available);
        state.available -= forgotten;
        forgotten
    }

    pub fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        let woken = std::mem::take(&mut state.waiting);
        drop(state);
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }

    pub async fn acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        let mut place = Place { semaphore: &self, number: None };
        poll_fn(|cx| place.poll(cx)).await?;
        drop(place);
        Ok(OwnedSemaphorePermit { semaphore: self, is_forgotten: false })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Place of one task in the queue; `number` is `None` before the task waits.
struct Place<'a> {
    semaphore: &'a Semaphore,
    number: Option<usize>,
}

impl Place<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        let mut state = self.semaphore.state();
        if let Some(index) = state.given.iter().position(|given| Some(*given) == self.number) {
            state.given.swap_remove(index);
            self.number = None;
            return Poll::Ready(Ok(()));
        }
        if state.is_closed {
            return Poll::Ready(Err(AcquireError));
        }
        if let Some(own) = state.waiting.iter_mut().find(|(number, _)| Some(*number) == self.number) {
            own.1 = cx.waker().clone();
            return Poll::Pending;
        }
        if state.available > 0 {
            state.available -= 1;
            return Poll::Ready(Ok(()));
        }
        let number = state.next;
        state.next += 1;
        state.waiting.push_back((number, cx.waker().clone()));
        self.number = Some(number);
        Poll::Pending
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut state = self.semaphore.state();
        state.waiting.retain(|(waiting, _)| *waiting != number);
        let was_given = state.given.contains(&number);
        state.given.retain(|given| *given != number);
        drop(state);
        self.semaphore.add_permits(usize::from(was_given));
    }
}

impl OwnedSemaphorePermit {
    pub fn forget(mut self) {
        self.is_forgotten = true;
    }
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        if !self.is_forgotten {
            self.semaphore.add_permits(1);
        }
    }
}
