//! Waiting for named conditions with a deadline.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::ui::Progress;

const POLL: Duration = Duration::from_millis(100);

/// Asks `check` until it answers with a value, and returns that value.
///
/// # Errors
/// When `deadline` has passed, naming `what` was waited for, and at once when `check` itself fails.
pub fn until<T>(what: &str, deadline: Duration, mut check: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    let mut progress = Progress::new(format!("waiting for {what}"));
    loop {
        if let Some(value) = check()? {
            return Ok(value);
        }
        if started.elapsed() > deadline {
            bail!("{what}: not so after {} s", deadline.as_secs());
        }
        progress.tick(started.elapsed());
        std::thread::sleep(POLL);
    }
}

/// [`until`] for a condition that carries no value.
pub fn until_true(what: &str, deadline: Duration, mut check: impl FnMut() -> Result<bool>) -> Result<()> {
    until(what, deadline, || Ok(check()?.then_some(())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_that_never_holds_is_named() {
        let error = until_true("node ready", Duration::ZERO, || Ok(false)).unwrap_err();
        assert_eq!(error.to_string(), "node ready: not so after 0 s");
    }

    #[test]
    fn a_failing_check_ends_the_wait_at_once() {
        let error = until_true("node ready", Duration::from_secs(60), || bail!("etcd died")).unwrap_err();
        assert_eq!(error.to_string(), "etcd died");
    }
}
