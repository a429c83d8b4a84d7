//! The turn of this replica to restart CMD, so that never all replicas do so at once.
//!
//! The agent has no token and no access to the API, so that replicas agree by what they publish themselves. Two means:
//!
//! - **The spread** gives each replica a moment of its own within some time, by a hash of its name and of the seal. It needs nobody
//!   else, gives a change that does not hold time to show itself in one replica, and has another replica be the first each time. But two
//!   moments may be close, and a restart may take longer than the time between them: alone it makes an outage unlikely.
//! - **The peers** make it impossible. A replica publishes a claim in its `/digests`, then queries all peers, and restarts CMD only if
//!   each of them is ready and none has a claim; the claim stays until CMD is ready again. Each looks at the others only after its own
//!   claim can be seen, so of two that look at the same time at least one sees the other. Of those that see each other the least
//!   claim goes first: the others withdraw theirs. A peer that gives no answer counts as not ready.
//!
//! A peer that has taken the same configuration back keeps the others from restarting into it, but for those that have failed with
//! it themselves: they try again, later each time. Whoever waits is pending, and the engine asks again; what is newer takes its place.
//! A replica that is alone restarts CMD all the same.

mod claim;
mod peers;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use live_config::Refusal;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::agent::settings::Settings;
use crate::args::DeliveryArgs;

use claim::{Claim, Claims};
use peers::Peers;

/// Time between the first restart that did not hold and the next one; doubled each time.
const FIRST_REST: Duration = Duration::from_secs(60);
const MAX_REST: Duration = Duration::from_secs(1800);

/// Turns of this replica. Clones are handles to the same ones.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Inner>);

struct Inner {
    spread: Duration,
    /// The name of this replica.
    name: Vec<u8>,
    peers: Peers,
    claims: Claims,
    waiting: Mutex<Option<Waiting>>,
}

/// The configuration that waits for its turn.
struct Waiting {
    /// Never published: it is a digest of secrets, too.
    content: [u8; 32],
    not_before: Instant,
    /// Restarts with it that did not hold.
    n_failed: u32,
}

/// A turn to restart CMD; it ends when dropped.
pub(crate) struct Turn {
    turns: Turns,
    content: [u8; 32],
    _claim: Arc<Claim>,
}

impl Turns {
    pub(crate) fn of(flags: &DeliveryArgs) -> Self {
        let (spread, peers) = (flags.restart_spread, Peers(flags.peers.clone()));
        let (claims, waiting) = (Claims::default(), Mutex::default());
        Self(Arc::new(Inner { spread, name: own_name(), peers, claims, waiting }))
    }

    /// Takes the turn to restart CMD with `next`.
    ///
    /// # Errors
    /// It is not yet the turn of this replica.
    pub(crate) async fn take(&self, next: &Settings) -> Result<Turn, Refusal> {
        let content = digest_of(next);
        let n_failed = self.wait(content, &next.sums.mounted)?;
        let claim = self.0.claims.claim().map_err(|error| {
            Refusal::transient(format!("cannot claim the turn to restart CMD: no random numbers: {error}"))
        })?;
        self.0.peers.agree(&claim, &next.sums.mounted, n_failed > 0).await?;
        Ok(Turn { turns: self.clone(), content, _claim: claim })
    }

    /// The number of restarts with `content` that did not hold, once its moment has come.
    fn wait(&self, content: [u8; 32], seal: &str) -> Result<u32, Refusal> {
        let mut waiting = self.waiting();
        let waits = waiting.take().filter(|waiting| waiting.content == content);
        let not_before = || Instant::now() + self.share(seal);
        let waits = waits.unwrap_or_else(|| Waiting { content, not_before: not_before(), n_failed: 0 });
        let (left, n_failed) = (waits.not_before.saturating_duration_since(Instant::now()), waits.n_failed);
        *waiting = Some(waits);
        if left.is_zero() { Ok(n_failed) } else { Err(Refusal::deferred(restarts_in(left), left)) }
    }

    /// The time that this replica waits of the spread.
    fn share(&self, seal: &str) -> Duration {
        // Of the seal alone: the time that is left is published, and must tell nothing of a secret.
        let sum = Sha256::new().chain_update(&self.0.name).chain_update([0]).chain_update(seal).finalize();
        let first = sum.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte));
        self.0.spread.mul_f64(f64::from(first) / f64::from(u32::MAX))
    }

    /// The reason why a configuration is pending, now; `None` unless its moment has yet to come.
    pub(crate) fn reason(&self) -> Option<String> {
        let not_before = self.waiting().as_ref()?.not_before;
        let left = not_before.saturating_duration_since(Instant::now());
        (!left.is_zero()).then(|| restarts_in(left))
    }

    /// Nothing waits any more.
    pub(crate) fn forget(&self) {
        *self.waiting() = None;
    }

    /// The claim of this replica.
    pub(crate) fn claim(&self) -> Option<String> {
        self.0.claims.published()
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// The restart held.
    pub(crate) fn held(&self) {
        self.turns.forget();
    }

    /// The restart did not hold: the next one with the same configuration comes later.
    pub(crate) fn failed(&self) {
        let mut waiting = self.turns.waiting();
        if let Some(waiting) = waiting.as_mut().filter(|waiting| waiting.content == self.content) {
            let rest = FIRST_REST.saturating_mul(2u32.saturating_pow(waiting.n_failed)).min(MAX_REST);
            waiting.not_before = Instant::now() + rest;
            waiting.n_failed = waiting.n_failed.saturating_add(1);
        }
    }
}

fn restarts_in(left: Duration) -> String {
    format!("CMD restarts in {} s", left.as_millis().div_ceil(1000))
}

/// The name by which the orchestrator knows this replica.
fn own_name() -> Vec<u8> {
    let variable = std::env::var_os("HOSTNAME").map(|name| name.into_encoded_bytes());
    variable.or_else(|| std::fs::read("/proc/sys/kernel/hostname").ok()).unwrap_or_default()
}

/// The digest of all values, by which one candidate is told from another.
fn digest_of(settings: &Settings) -> [u8; 32] {
    let mut sum = Sha256::new();
    for (key, value) in &settings.values {
        for part in [key.as_bytes(), value.text.expose().as_bytes()] {
            sum.update(part.len().to_be_bytes());
            sum.update(part);
        }
    }
    sum.finalize().into()
}
