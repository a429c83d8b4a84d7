//! The configuration state of every replica, queried over the admin listeners.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use chassis::TraceContext;
use http::Request;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use live_config::{ReleaseState, State};
use thiserror::Error;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::printable::printable;
use crate::replica::{Dependency, Digests};

/// Time limit for a replica's answer; after it the replica counts as not answering.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// Maximum length of a replica's reasons in the output.
const MAX_REASON_CHARS: usize = 500;

/// The address of a replica, and its answer.
pub(crate) type Answer = (SocketAddr, Result<Digests, QueryError>);

/// The reason why a replica gave no answer.
#[derive(Debug, Error)]
pub(crate) enum QueryError {
    #[error("no answer within {} s", REQUEST_TIMEOUT.as_secs())]
    Silent,
    #[error("cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    #[error("does not speak HTTP: {0}")]
    Protocol(#[from] hyper::Error),
    #[error("answered {0}")]
    Status(http::StatusCode),
    #[error("gave no digests: {0}")]
    Content(Box<dyn std::error::Error + Send + Sync>),
}

/// Queries all replicas that `peers` (HOST:PORT) resolves to, concurrently; sorted by address. The calls are part of the trace of
/// `caller`.
///
/// # Errors
/// The name does not resolve.
pub(crate) async fn query_all(peers: &str, caller: Option<TraceContext>) -> io::Result<Vec<Answer>> {
    let mut asking = JoinSet::new();
    for replica in of_one_family(lookup_host(peers).await?) {
        asking.spawn(async move {
            let answer =
                timeout(REQUEST_TIMEOUT, query(replica, caller)).await.unwrap_or(Err(QueryError::Silent));
            (replica, answer)
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort_by_key(|(replica, _)| *replica);
    Ok(answers)
}

/// Returns each replica once: behind a dual-stack Service every pod has an address of each family.
fn of_one_family(addresses: impl Iterator<Item = SocketAddr>) -> BTreeSet<SocketAddr> {
    let (ipv4, ipv6): (BTreeSet<_>, BTreeSet<_>) = addresses.partition(SocketAddr::is_ipv4);
    if ipv4.is_empty() { ipv6 } else { ipv4 }
}

/// The reason why one replica prevents convergence of the fleet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConvergenceError {
    replica: SocketAddr,
    reason: String,
    /// True if waiting does not help: the replica has seen the configuration, and rejects it.
    pub(crate) is_final: bool,
}

impl fmt::Display for ConvergenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.replica, printable(&self.reason, MAX_REASON_CHARS))
    }
}

/// The reason why one replica is not ready.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unready {
    replica: SocketAddr,
    reason: String,
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: not ready: {}", self.replica, self.shown_reason())
    }
}

impl Unready {
    pub(crate) fn shown_reason(&self) -> String {
        printable(&self.reason, MAX_REASON_CHARS)
    }
}

/// Returns the replicas that are not ready, although they are to stay. A draining replica is about to end, so it counts only if
/// all replicas drain.
pub(crate) fn unready(answers: &[Answer]) -> Vec<Unready> {
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
pub(crate) fn n_staying(answers: &[Answer]) -> usize {
    let is_stopping =
        |answer: &Result<Digests, QueryError>| answer.as_ref().is_ok_and(|digests| digests.stopping);
    answers.iter().filter(|(_, answer)| !is_stopping(answer)).count()
}

/// Returns the reasons that prevent convergence, one for each replica concerned; empty if the fleet has converged.
///
/// Every replica must run `seal` or, without a seal, the configuration of the first replica that answered.
pub(crate) fn convergence_errors(answers: &[Answer], seal: Option<&str>) -> Vec<ConvergenceError> {
    let first = answers.iter().find_map(|(_, answer)| answer.as_ref().ok()).map(|d| d.running.as_str());
    let wanted = seal.or(first).unwrap_or_default();
    let convergence_error = |(replica, answer): &Answer| {
        let reason = match answer {
            Err(error) => error.to_string(),
            Ok(digests) if digests.apply != State::Converged.as_str() => {
                format!("{}: {}", digests.apply, digests.reasons.join("; "))
            }
            Ok(digests) if digests.release == ReleaseState::Drifted.as_str() => {
                "running configuration differs from the rendered release".into()
            }
            Ok(digests) if wanted != digests.running => format!("runs {}, not {wanted}", digests.running),
            Ok(_) => return None,
        };
        let refuses = |digests: &Digests| {
            let is_refused =
                [State::Rejected, State::RolledBack].iter().any(|state| digests.apply == state.as_str());
            is_refused && !digests.retrying
        };
        let is_final = answer.as_ref().is_ok_and(|digests| refuses(digests) && digests.mounted == wanted);
        Some(ConvergenceError { replica: *replica, reason, is_final })
    };
    answers.iter().filter_map(convergence_error).collect()
}

async fn query(replica: SocketAddr, caller: Option<TraceContext>) -> Result<Digests, QueryError> {
    let stream = TcpStream::connect(replica).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/digests").header("host", host_of(replica)).body(Empty::<Bytes>::new());
    let mut request = request.map_err(|error| QueryError::Content(error.into()))?;
    if let Some(caller) = caller {
        caller.inject(request.headers_mut());
    }
    let response = sender.send_request(request).await?;
    if response.status() != http::StatusCode::OK {
        return Err(QueryError::Status(response.status()));
    }
    let body = Limited::new(response.into_body(), MAX_RESPONSE_BYTES)
        .collect()
        .await
        .map_err(QueryError::Content)?;
    connection.abort();
    serde_json::from_slice(&body.to_bytes()).map_err(|error| QueryError::Content(error.into()))
}

/// Formats the address for the `Host` header: without the zone of a link-local address, which is local to this machine.
fn host_of(replica: SocketAddr) -> String {
    SocketAddr::new(replica.ip(), replica.port()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(running: &str, release: &str) -> Digests {
        Digests {
            state: release.into(),
            apply: "converged".into(),
            reasons: Vec::new(),
            retrying: false,
            since: 0,
            release: release.into(),
            pinned: Vec::new(),
            generation: 1,
            rendered: None,
            mounted: running.into(),
            running: running.into(),
            ready: true,
            stopping: false,
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn pod_with_two_families_is_one_replica() {
        let of = |addresses: &[&str]| -> Vec<String> {
            let addresses = addresses.iter().map(|address| address.parse().unwrap());
            of_one_family(addresses).iter().map(ToString::to_string).collect()
        };
        assert_eq!(of(&["[fd00::2]:9090", "10.0.0.2:9090", "[fd00::3]:9090"]), ["10.0.0.2:9090"]);
        assert_eq!(of(&["[fd00::3]:9090", "[fd00::2]:9090"]), ["[fd00::2]:9090", "[fd00::3]:9090"]);
    }

    fn told(answers: Vec<Result<Digests, QueryError>>, seal: Option<&str>) -> Vec<String> {
        asked(answers, seal).iter().map(ConvergenceError::to_string).collect()
    }

    fn asked(answers: Vec<Result<Digests, QueryError>>, seal: Option<&str>) -> Vec<ConvergenceError> {
        let address = |n: usize| SocketAddr::from(([10, 0, 0, n as u8], 9090));
        let answers: Vec<_> = answers.into_iter().enumerate().map(|(n, a)| (address(n), a)).collect();
        convergence_errors(&answers, seal)
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
            asked(vec![Ok(digests)], Some("b"))[0].is_final
        };
        for apply in ["rejected", "rolled_back"] {
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
