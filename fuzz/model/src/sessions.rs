//! Checks of the session limit.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use loom::thread;

use crate::explore;
use crate::limit::ResizableSemaphore;
use crate::sync::OwnedSemaphorePermit;

/// A fixed limit holds for all who take and return permits, and each of them gets one.
pub fn fixed_limit_is_never_exceeded() {
    explore(|| {
        let limit = ResizableSemaphore::new(1);
        let out = Arc::new(AtomicUsize::new(0));
        let work = |limit: ResizableSemaphore, out: Arc<AtomicUsize>| {
            let permit = block_on(limit.take()).expect("a permit");
            assert_eq!(out.fetch_add(1, SeqCst), 0, "two permits of one are out");
            out.fetch_sub(1, SeqCst);
            drop(permit);
        };
        let other = {
            let (limit, out) = (limit.clone(), Arc::clone(&out));
            thread::spawn(move || work(limit, out))
        };
        work(limit.clone(), out);
        other.join().expect("the other thread ends");
        assert_settled(&limit, 1);
    });
}

/// A permit that is returned while the limit is in debt goes to no waiter.
pub fn debt_is_paid_before_waiters() {
    explore(|| {
        let limit = ResizableSemaphore::new(2);
        let (first, second) = (now(&limit).expect("a permit"), now(&limit).expect("a permit"));
        let is_served = Arc::new(AtomicBool::new(false));
        let waiter = {
            let (limit, is_served) = (limit.clone(), Arc::clone(&is_served));
            thread::spawn(move || {
                let permit = block_on(limit.take());
                is_served.store(true, SeqCst);
                drop(permit);
            })
        };
        limit.set(1);
        drop(first);
        assert!(!is_served.load(SeqCst), "a waiter got the permit that was owed");
        drop(second);
        waiter.join().expect("the waiter is served");
        assert_settled(&limit, 1);
    });
}

/// Any changes of the limit while permits are taken and returned leave exactly the final limit of permits available.
pub fn changes_lose_and_make_no_permit() {
    explore(|| {
        let limit = ResizableSemaphore::new(2);
        let permit = now(&limit).expect("a permit");
        let worker = {
            let limit = limit.clone();
            thread::spawn(move || drop(block_on(limit.take()).expect("a permit")))
        };
        let looker = {
            let limit = limit.clone();
            thread::spawn(move || limit.is_full())
        };
        limit.set(1);
        limit.set(3);
        limit.set(2);
        drop(permit);
        worker.join().expect("the worker is served");
        looker.join().expect("the looker ends");
        assert_settled(&limit, 2);
    });
}

/// Two changes at once leave the limit that the later one set.
pub fn concurrent_changes_agree() {
    explore(|| {
        let limit = ResizableSemaphore::new(1);
        let permit = now(&limit).expect("a permit");
        let other = {
            let limit = limit.clone();
            thread::spawn(move || limit.set(3))
        };
        limit.set(2);
        drop(permit);
        other.join().expect("the other thread ends");
        let set = limit.get();
        assert!(set == 2 || set == 3);
        assert_settled(&limit, set);
    });
}

/// Every waiter learns that the limit is closed.
pub fn close_wakes_all_waiters() {
    explore(|| {
        let limit = ResizableSemaphore::new(1);
        let permit = now(&limit).expect("a permit");
        let wait = || {
            let limit = limit.clone();
            thread::spawn(move || block_on(limit.take()).is_none())
        };
        let (one, other) = (wait(), wait());
        limit.close();
        assert!(one.join().expect("a waiter ends") && other.join().expect("a waiter ends"));
        drop(permit);
        assert!(now(&limit).is_none(), "a closed limit gives a permit");
    });
}

/// Expects no permit to be held, and exactly `number` permits to be available.
fn assert_settled(limit: &ResizableSemaphore, number: usize) {
    assert!(!limit.is_in_debt(), "a debt is left though nothing is out");
    assert_eq!(limit.in_use(), 0);
    let all: Vec<_> = std::iter::from_fn(|| now(limit)).take(number + 1).collect();
    assert_eq!(all.len(), number, "permits that can be taken");
    assert!(limit.is_full());
}

/// A permit, if one is available at once.
fn now(limit: &ResizableSemaphore) -> Option<OwnedSemaphorePermit> {
    match pin!(limit.take()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(permit) => permit,
        Poll::Pending => None,
    }
}
