//! The verdict on the answers of all replicas: which of them differ, and which are not ready.

use std::fmt;
use std::net::SocketAddr;

use live_config::{ReleaseState, State};

use crate::printable::printable;
use crate::query::{Answer, QueryError};
use crate::replica::{Dependency, Digests};

/// Maximum length of a replica's reasons in the output.
const MAX_REASON_CHARS: usize = 500;

/// The configuration that every replica must run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expectation<'a> {
    /// Its seal; without one the replicas must agree with the first that has one.
    pub seal: Option<&'a str>,
    /// True if a configuration counts as running once it is delivered to a process that acknowledges none.
    pub accepts_delivered: bool,
}

/// The reason why one replica prevents convergence of the fleet.
#[derive(Debug, PartialEq, Eq)]
pub struct ConvergenceError {
    replica: SocketAddr,
    reason: String,
    /// True if waiting does not help: the replica has seen the configuration, and rejects it.
    pub is_final: bool,
    /// True if the replica gave no answer, so that nothing is known of its configuration.
    pub is_unknown: bool,
}

impl ConvergenceError {
    /// The replica's address.
    pub fn replica(&self) -> SocketAddr {
        self.replica
    }

    /// The reason as printable text of limited length.
    pub fn shown_reason(&self) -> String {
        printable(&self.reason, MAX_REASON_CHARS)
    }
}

impl fmt::Display for ConvergenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.replica, self.shown_reason())
    }
}

/// The reason why one replica is not ready.
#[derive(Debug, PartialEq, Eq)]
pub struct Unready {
    replica: SocketAddr,
    reason: String,
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: not ready: {}", self.replica, self.shown_reason())
    }
}

impl Unready {
    /// The replica's address.
    pub fn replica(&self) -> SocketAddr {
        self.replica
    }

    /// The reason as printable text of limited length.
    pub fn shown_reason(&self) -> String {
        printable(&self.reason, MAX_REASON_CHARS)
    }
}

/// Returns the replicas that are not ready, although they are to stay. A draining replica is about to end, so it counts only if
/// all replicas drain.
pub fn unready(answers: &[Answer]) -> Vec<Unready> {
    let nobody_stays = n_staying(answers) == 0;
    let unready = |(replica, answer): &Answer| {
        let digests = answer.as_ref().ok().filter(|digests| !digests.ready)?;
        let obstacles: Vec<_> = digests.dependencies.iter().filter_map(Dependency::obstacle).collect();
        let reason = match (digests.stopping, obstacles.is_empty()) {
            (true, _) if nobody_stays => "stopping".to_owned(),
            (true, _) => return None,
            (false, true) => "it does not say why".to_owned(),
            (false, false) => obstacles.join("; "),
        };
        Some(Unready { replica: *replica, reason })
    };
    answers.iter().filter_map(unready).collect()
}

/// Returns the number of replicas that do not drain, including those that gave no answer.
pub fn n_staying(answers: &[Answer]) -> usize {
    let is_stopping =
        |answer: &Result<Digests, QueryError>| answer.as_ref().is_ok_and(|digests| digests.stopping);
    answers.iter().filter(|(_, answer)| !is_stopping(answer)).count()
}

/// Returns the number of replicas with a configuration that is delivered and not acknowledged.
pub(crate) fn n_unacknowledged(answers: &[Answer]) -> usize {
    answers.iter().filter(|(_, answer)| answer.as_ref().is_ok_and(Digests::is_unacknowledged)).count()
}

/// Returns the reasons that prevent convergence, one for each replica concerned; empty if the fleet has converged.
pub fn convergence_errors(answers: &[Answer], expected: Expectation<'_>) -> Vec<ConvergenceError> {
    let seal =
        |answer: &'_ Answer| answer.1.as_ref().ok()?.seal(expected.accepts_delivered).map(str::to_owned);
    let wanted =
        expected.seal.map(str::to_owned).or_else(|| answers.iter().find_map(seal)).unwrap_or_default();
    let convergence_error = |(replica, answer): &Answer| {
        let reason = match answer {
            Err(error) => error.to_string(),
            Ok(digests) => difference(digests, &wanted, expected.accepts_delivered)?,
        };
        Some(ConvergenceError {
            replica: *replica,
            reason,
            is_final: answer.as_ref().is_ok_and(|digests| refuses(digests) && digests.mounted == wanted),
            is_unknown: answer.is_err(),
        })
    };
    answers.iter().filter_map(convergence_error).collect()
}

/// Returns the reason for which a replica does not run what is wanted; `None` if it does.
fn difference(digests: &Digests, wanted: &str, accepts_delivered: bool) -> Option<String> {
    let is_unacknowledged = digests.is_unacknowledged();
    if is_unacknowledged && !accepts_delivered {
        return Some("delivered, not acknowledged".into());
    }
    if !is_unacknowledged && digests.apply != State::Converged.as_str() {
        return Some(format!("{}: {}", digests.apply, digests.reasons.join("; ")));
    }
    if digests.release == ReleaseState::Drifted.as_str() {
        return Some("running configuration differs from the rendered release".into());
    }
    match digests.seal(accepts_delivered) {
        Some(seal) if seal == wanted => None,
        Some(seal) => Some(format!("runs {seal}, not {wanted}")),
        None => Some("has not acknowledged its configuration".into()),
    }
}

/// Returns true if the replica refuses what it has found, for good.
fn refuses(digests: &Digests) -> bool {
    let refusals = [State::Rejected, State::RolledBack, State::Pending];
    let is_refused = refusals.iter().any(|state| digests.apply == state.as_str());
    is_refused && !digests.retrying
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::tests::digests;

    fn told(answers: Vec<Result<Digests, QueryError>>, seal: Option<&str>) -> Vec<String> {
        asked(answers, Expectation { seal, ..Expectation::default() })
            .iter()
            .map(ConvergenceError::to_string)
            .collect()
    }

    fn asked(answers: Vec<Result<Digests, QueryError>>, expected: Expectation<'_>) -> Vec<ConvergenceError> {
        let address = |n: usize| SocketAddr::from(([10, 0, 0, n as u8], 9090));
        let answers: Vec<_> = answers.into_iter().enumerate().map(|(n, a)| (address(n), a)).collect();
        convergence_errors(&answers, expected)
    }

    #[test]
    fn agreeing_fleet_gives_no_complaints() {
        let fleet = || vec![Ok(digests("a", "matches")), Ok(digests("a", "unsealed"))];
        assert!(told(fleet(), None).is_empty());
        assert!(told(fleet(), Some("a")).is_empty());
        assert_eq!(told(fleet(), Some("b")).len(), 2);
    }

    #[test]
    fn only_permanent_refusal_of_wanted_seal_is_final() {
        let refusing = |apply: &str, retrying: bool, mounted: &str| {
            let mut digests = digests("a", "matches");
            digests.apply = apply.into();
            digests.retrying = retrying;
            digests.mounted = mounted.into();
            let expected = Expectation { seal: Some("b"), ..Expectation::default() };
            asked(vec![Ok(digests)], expected)[0].is_final
        };
        for apply in ["rejected", "rolled_back", "pending"] {
            assert!(refusing(apply, false, "b"));
            assert!(!refusing(apply, true, "b"));
            assert!(!refusing(apply, false, "a"), "the new one has not come yet");
        }
    }

    #[test]
    fn differing_replica_is_named_with_reason() {
        let mut rejected = digests("a", "matches");
        rejected.apply = "rejected".into();
        rejected.reasons = vec!["LOG_LEVEL: must be another".into()];
        let fleet = vec![
            Ok(digests("a", "matches")),
            Ok(digests("b", "matches")),
            Ok(digests("a", "drifted")),
            Ok(rejected),
            Err(QueryError::Silent),
        ];
        assert_eq!(
            told(fleet, None),
            [
                "10.0.0.1:9090: runs b, not a",
                "10.0.0.2:9090: running configuration differs from the rendered release",
                "10.0.0.3:9090: rejected: LOG_LEVEL: must be another",
                "10.0.0.4:9090: no answer within 5 s",
            ]
        );
    }

    fn delivered(seal: &str, release: &str) -> Digests {
        Digests {
            apply: "delivered".into(),
            running: None,
            delivered: Some(seal.into()),
            ..digests(seal, release)
        }
    }

    #[test]
    fn delivered_configuration_agrees_only_where_accepted() {
        let fleet = || vec![Ok(delivered("a", "matches")), Ok(digests("a", "matches"))];
        assert_eq!(told(fleet(), Some("a")), ["10.0.0.0:9090: delivered, not acknowledged"]);
        let accepting = |seal| Expectation { seal, accepts_delivered: true };
        assert!(asked(fleet(), accepting(Some("a"))).is_empty());
        assert!(asked(fleet(), accepting(None)).is_empty());
        assert_eq!(asked(fleet(), accepting(Some("b"))).len(), 2);
        assert_eq!(asked(vec![Ok(delivered("a", "drifted"))], accepting(Some("a"))).len(), 1);
    }

    #[test]
    fn unacknowledged_configuration_never_counts_as_running() {
        let silent = Digests { running: None, delivered: Some("a".into()), ..digests("a", "matches") };
        let accepting = Expectation { seal: Some("a"), accepts_delivered: true };
        let errors = asked(vec![Ok(silent)], accepting);
        assert_eq!(errors[0].to_string(), "10.0.0.0:9090: has not acknowledged its configuration");
    }

    #[test]
    fn draining_replica_is_skipped_unless_all_drain() {
        let replica = |n: u8, ready: bool, stopping: bool| {
            let digests = Digests { ready, stopping, ..digests("a", "matches") };
            (SocketAddr::from(([10, 0, 0, n], 9090)), Ok(digests))
        };
        let told = |answers: &[Answer]| -> Vec<String> {
            unready(answers).iter().map(ToString::to_string).collect()
        };
        assert!(told(&[replica(0, true, false), replica(1, false, true)]).is_empty());
        assert_eq!(told(&[replica(0, false, true)]), ["10.0.0.0:9090: not ready: stopping"]);
        assert_eq!(
            told(&[replica(0, false, true), replica(1, false, false)]),
            ["10.0.0.1:9090: not ready: it does not say why"]
        );
    }
}
