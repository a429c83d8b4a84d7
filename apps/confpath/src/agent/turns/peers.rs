//! The question to all peers, by a published claim: may this replica restart CMD?

use std::cmp::Ordering;
use std::io;
use std::time::Duration;

use fleet::{Answer, Digests, query_all};
use http::HeaderMap;
use live_config::{Refusal, State};
use tokio::time::{Instant, sleep, timeout_at};

use super::claim::Claim;

/// Time in which peers with a greater claim withdraw theirs; then this replica withdraws its own.
const AGREEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause before peers that have yet to withdraw are asked again.
const PAUSE: Duration = Duration::from_millis(100);
/// Pause before the next try: a second, and in a large fleet in proportion to it.
const MIN_REST: Duration = Duration::from_secs(1);
const REST_PER_PEER: Duration = Duration::from_millis(100);

/// Admin listeners of all replicas, this one included, as names that are resolved at each question; none where there is nobody to ask.
pub(super) struct Peers(pub(super) Vec<String>);

enum Outcome {
    Agreed,
    /// Peers with a greater claim have not withdrawn it yet.
    Undecided,
    Refused(String),
}

impl Peers {
    /// Waits until this replica may restart CMD. `has_failed` is true if it has itself taken the configuration of `seal` back.
    ///
    /// # Errors
    /// It may not yet.
    pub(super) async fn agree(&self, own: &Claim, seal: &str, has_failed: bool) -> Result<(), Refusal> {
        if self.0.is_empty() {
            return Ok(());
        }
        let end = Instant::now() + AGREEMENT_TIMEOUT;
        let mut n_peers = 0;
        let asked = async {
            loop {
                let answers = self.ask().await?;
                n_peers = answers.len();
                match judge(&answers, own, seal, has_failed) {
                    Outcome::Agreed => return Ok(()),
                    Outcome::Undecided => sleep(PAUSE).await,
                    Outcome::Refused(reason) => return Err(reason),
                }
            }
        };
        let agreed = timeout_at(end, asked).await;
        agreed.unwrap_or_else(|_| Err("another replica is about to restart its own".into())).map_err(
            |reason| {
                let rest =
                    REST_PER_PEER.saturating_mul(u32::try_from(n_peers).unwrap_or(u32::MAX)).max(MIN_REST);
                Refusal::deferred(format!("CMD waits for its restart: {reason}"), rest)
            },
        )
    }

    async fn ask(&self) -> Result<Vec<Answer>, String> {
        let mut answers = Vec::new();
        for peers in &self.0 {
            let cannot = |error: io::Error| format!("{peers} cannot be resolved: {error}");
            answers.extend(query_all(peers, &HeaderMap::new()).await.map_err(cannot)?);
        }
        Ok(answers)
    }
}

fn judge(answers: &[Answer], own: &Claim, seal: &str, has_failed: bool) -> Outcome {
    let (mut is_seen, mut outcome) = (false, Outcome::Agreed);
    for (address, answer) in answers {
        let digests = match answer {
            Ok(digests) => digests,
            Err(error) => return Outcome::Refused(format!("{address}: {error}")),
        };
        let claim = digests.restart.as_deref().map(|claim| claim.cmp(own.text()));
        if claim == Some(Ordering::Equal) {
            is_seen = true;
        } else if let Some(obstacle) = obstacle(digests, claim, seal, has_failed) {
            return Outcome::Refused(format!("{address} {obstacle}"));
        } else if claim.is_some() {
            outcome = Outcome::Undecided;
        }
    }
    // A peer that cannot see this replica's claim would not mind it.
    if is_seen { outcome } else { Outcome::Refused("the peers do not lead to this replica".into()) }
}

fn obstacle(
    digests: &Digests,
    claim: Option<Ordering>,
    seal: &str,
    has_failed: bool,
) -> Option<&'static str> {
    let has_taken_back = digests.state == State::RolledBack.as_str() && digests.mounted == seal;
    if claim == Some(Ordering::Less) {
        Some("is first")
    } else if has_taken_back && !has_failed {
        Some("has taken this configuration back")
    } else if !digests.ready {
        Some("is not ready")
    } else {
        None
    }
}
