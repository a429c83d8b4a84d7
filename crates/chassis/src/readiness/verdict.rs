//! Verdict on a dependency after its checks so far, and its consequences.

use serde::Serialize;
use tokio::time::Instant;

use super::dependency::{Class, Timing};
use super::failure::{CheckFailure, CheckResult};

/// State of a dependency.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// No check has ended yet.
    #[default]
    Unknown,
    /// The dependency works.
    Up,
    /// The dependency does not work.
    Down,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Verdict {
    pub(super) state: State,
    /// True if it was ever up.
    pub(super) connected: bool,
    /// Failure of the last check, if it failed; independent of the state.
    pub(super) failure: Option<CheckFailure>,
    pub(super) checked_at: Option<Instant>,
    pub(super) changed_at: Option<Instant>,
    /// Number of consecutive results that contradict the state.
    n_contrary: u32,
}

impl Verdict {
    /// Returns the verdict after one more result. The first result decides at once. Later, only several consecutive results
    /// change the state, so that a dependency that fails now and then does not make the service flap.
    pub(super) fn after(&self, result: CheckResult, timing: &Timing, now: Instant) -> Self {
        let (found, needed) = match result {
            Ok(()) => (State::Up, timing.successes_to_up),
            Err(_) => (State::Down, timing.failures_to_down),
        };
        let n_contrary = if found == self.state { 0 } else { self.n_contrary.saturating_add(1) };
        let changes = found != self.state && (self.state == State::Unknown || n_contrary >= needed);
        let state = if changes { found } else { self.state };
        Self {
            state,
            connected: self.connected || state == State::Up,
            failure: result.err(),
            checked_at: Some(now),
            changed_at: if changes { Some(now) } else { self.changed_at },
            n_contrary: if changes { 0 } else { n_contrary },
        }
    }

    /// True if the replica must not get any traffic.
    pub(super) fn blocks_readiness(&self, class: Class, shared: bool) -> bool {
        class == Class::Required && (!self.connected || (self.state == State::Down && !shared))
    }

    /// True if routes that need the dependency are rejected without using it. Before the first check has ended, and while the
    /// failures are too few to change the state, they use it.
    pub(super) fn rejects_routes(&self, class: Class) -> bool {
        class != Class::Informational && self.state == State::Down
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing {
        period: std::time::Duration::from_secs(1),
        timeout: std::time::Duration::from_secs(1),
        jitter: std::time::Duration::ZERO,
        failures_to_down: 3,
        successes_to_up: 2,
    };

    /// States after each result: `+` a success, `-` a failure; `U` up, `D` down.
    fn states(results: &str) -> String {
        let mut verdict = Verdict::default();
        let mut state_after = |result: char| {
            let result = if result == '+' { Ok(()) } else { Err("refused".into()) };
            verdict = verdict.after(result, &TIMING, Instant::now());
            if verdict.state == State::Up { 'U' } else { 'D' }
        };
        results.chars().map(&mut state_after).collect()
    }

    #[test]
    fn only_consecutive_results_change_a_state() {
        for (results, expected) in [
            ("+", "U"),
            ("-", "D"),
            ("+---", "UUUD"),
            ("+--+--+", "UUUUUUU"),
            ("-++", "DDU"),
            ("-+-+-+", "DDDDDD"),
            ("+-+-+-+-", "UUUUUUUU"),
            ("+---+-+-++", "UUUDDDDDDU"),
        ] {
            assert_eq!(states(results), expected, "{results}");
        }
    }

    #[test]
    fn a_threshold_of_zero_is_one() {
        let timing = Timing { failures_to_down: 0, successes_to_up: 0, ..TIMING };
        let now = Instant::now();
        let up = Verdict::default().after(Ok(()), &timing, now);
        let down = up.after(Err("refused".into()), &timing, now);
        assert_eq!((down.state, down.after(Ok(()), &timing, now).state), (State::Down, State::Up));
    }
}
