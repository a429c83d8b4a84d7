//! Waits for a named condition with a deadline. The panic of a wait reports what was awaited and what was seen last.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

const MIN_PAUSE: Duration = Duration::from_millis(5);
const MAX_PAUSE: Duration = Duration::from_millis(200);

/// Calls `look` until `holds` is true of its result, and returns that result.
///
/// # Panics
/// At the deadline.
pub fn until<T: Debug>(
    deadline: Duration,
    what: &str,
    mut look: impl FnMut() -> T,
    mut holds: impl FnMut(&T) -> bool,
) -> T {
    let begun = Instant::now();
    loop {
        let seen = look();
        if holds(&seen) {
            return seen;
        }
        let waited = begun.elapsed();
        if waited >= deadline {
            expired(deadline, what, Some(&seen));
        }
        thread::sleep(pause(waited));
    }
}

/// [`until`] for a condition without anything to show.
///
/// # Panics
/// At the deadline.
pub fn until_true(deadline: Duration, what: &str, holds: impl FnMut() -> bool) {
    until(deadline, what, holds, |held| *held);
}

/// [`until`] for a `look` that is asynchronous. A `look` that hangs is left at the deadline.
///
/// # Panics
/// At the deadline.
pub async fn until_async<T: Debug>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> T,
    holds: impl Fn(&T) -> bool,
) -> T {
    let mut last = None;
    let found = timeout(deadline, async {
        let begun = tokio::time::Instant::now();
        loop {
            let seen = look().await;
            if holds(&seen) {
                return seen;
            }
            last = Some(seen);
            sleep(pause(begun.elapsed())).await;
        }
    });
    match found.await {
        Ok(found) => found,
        Err(_) => expired(deadline, what, last.as_ref()),
    }
}

/// Waits until a channel's value satisfies `holds`, and returns that value.
///
/// # Panics
/// At the deadline, or when the channel's sender is gone.
pub async fn watched<T: Clone + Debug>(
    deadline: Duration,
    what: &str,
    mut receiver: watch::Receiver<T>,
    holds: impl FnMut(&T) -> bool,
) -> T {
    match timeout(deadline, receiver.wait_for(holds)).await.map(|found| found.map(|value| value.clone())) {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => panic!("the sender ended before: {what}; last seen: {:?}", *receiver.borrow()),
        Err(_) => expired(deadline, what, Some(&*receiver.borrow())),
    }
}

/// The output of `future`, which must end before the deadline.
///
/// # Panics
/// At the deadline.
pub async fn within<F: Future>(deadline: Duration, what: &str, future: F) -> F::Output {
    match timeout(deadline, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited {deadline:?} for: {what}"),
    }
}

/// A tenth of the time waited so far: what comes at once is seen at once, and a long wait costs few looks.
fn pause(waited: Duration) -> Duration {
    (waited / 10).clamp(MIN_PAUSE, MAX_PAUSE)
}

fn expired<T: Debug>(deadline: Duration, what: &str, last: Option<&T>) -> ! {
    match last {
        Some(last) => panic!("waited {deadline:?} for: {what}; last seen: {last:?}"),
        None => panic!("waited {deadline:?} for: {what}; nothing was seen"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[test]
    fn first_result_that_satisfies_is_returned() {
        let mut numbers = 0..;
        assert_eq!(until(Duration::from_secs(20), "three", || numbers.next().unwrap(), |n| *n == 3), 3);
    }

    #[test]
    #[should_panic(expected = "waited 20ms for: a green light; last seen: \"red\"")]
    fn expired_wait_reports_what_was_seen() {
        until(SHORT, "a green light", || "red", |light| *light == "green");
    }

    #[tokio::test]
    #[should_panic(expected = "waited 20ms for: a green light; last seen: \"red\"")]
    async fn expired_async_wait_reports_what_was_seen() {
        until_async(SHORT, "a green light", async || "red", |light| *light == "green").await;
    }

    #[tokio::test]
    #[should_panic(expected = "waited 20ms for: a light; nothing was seen")]
    async fn look_that_hangs_is_left() {
        until_async(SHORT, "a light", std::future::pending::<()>, |()| true).await;
    }

    #[tokio::test]
    #[should_panic(expected = "waited 20ms for: green; last seen: \"red\"")]
    async fn expired_watch_reports_the_value() {
        let (_sender, receiver) = watch::channel("red");
        watched(SHORT, "green", receiver, |light| *light == "green").await;
    }

    #[tokio::test]
    #[should_panic(expected = "the sender ended before: green; last seen: \"red\"")]
    async fn watch_without_a_sender_ends_at_once() {
        let (_, receiver) = watch::channel("red");
        watched(Duration::from_secs(20), "green", receiver, |light| *light == "green").await;
    }

    #[tokio::test]
    #[should_panic(expected = "waited 20ms for: the end")]
    async fn future_that_does_not_end_is_named() {
        within(SHORT, "the end", std::future::pending::<()>()).await;
    }
}
