//! Readiness of this replica: CMD's own answer where the agent can ask it, and "not ready" while CMD is restarted.
//!
//! Probes go to the agent, since the kubelet must hear "not ready" while CMD still serves: only then has traffic gone when CMD
//! stops. Outside of a restart CMD's answer is passed on at each probe, and nothing is remembered of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chassis::Health;
use tokio::time::{sleep, timeout};

use crate::agent::hooks::get_status;
use crate::args::{DeliveryArgs, Endpoint};

/// Time limit for one answer of CMD: less than that of whoever asks for digests.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// Pauses between two questions to a CMD that starts.
const MIN_PAUSE: Duration = Duration::from_millis(20);
const MAX_PAUSE: Duration = Duration::from_millis(500);

/// Readiness of this replica. Clones are handles to the same one.
#[derive(Clone)]
pub(crate) struct Readiness(Arc<Inner>);

struct Inner {
    health: Health,
    cmd: Option<Endpoint>,
    /// Time for a restarted CMD to become ready.
    limit: Duration,
    /// Time for which traffic goes elsewhere before CMD is stopped; none where nobody can see readiness.
    drain: Duration,
    n_closed: AtomicUsize,
}

/// Keeps the replica from being ready until it is dropped.
pub(crate) struct Closed(Readiness);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.0.n_closed.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Readiness {
    pub(crate) fn of(flags: &DeliveryArgs, health: Health) -> Self {
        let drain = if flags.admin_listen.is_some() { flags.drain } else { Duration::ZERO };
        let (cmd, limit, n_closed) = (flags.ready.clone(), flags.ready_timeout, AtomicUsize::new(0));
        Self(Arc::new(Inner { health, cmd, limit, drain, n_closed }))
    }

    pub(crate) fn health(&self) -> &Health {
        &self.0.health
    }

    /// True if CMD can be asked.
    pub(crate) fn asks_cmd(&self) -> bool {
        self.0.cmd.is_some()
    }

    /// True if this replica takes traffic.
    pub(crate) async fn is_ready(&self) -> bool {
        let may_be = || self.0.health.is_ready() && self.0.n_closed.load(Ordering::Acquire) == 0;
        // Looked at again after the answer: a drain may have begun meanwhile.
        may_be() && self.ask().await.is_ok() && may_be()
    }

    /// Ends readiness, and waits until traffic has gone elsewhere.
    pub(crate) async fn drained(&self) -> Closed {
        self.0.n_closed.fetch_add(1, Ordering::AcqRel);
        let closed = Closed(self.clone());
        sleep(self.0.drain).await;
        closed
    }

    /// Waits until CMD says that it is ready. One that cannot be asked counts as ready.
    ///
    /// # Errors
    /// CMD's last answer, if it does not become ready in time.
    pub(crate) async fn until_ready(&self) -> Result<(), String> {
        let mut last = String::from("gave no answer");
        let asked = async {
            let mut pause = MIN_PAUSE;
            while let Err(reason) = self.ask().await {
                last = reason;
                sleep(pause).await;
                pause = (pause * 5 / 4).min(MAX_PAUSE);
            }
        };
        let is_ready = timeout(self.0.limit, asked).await.is_ok();
        let authority = self.0.cmd.as_ref().map_or("", |cmd| &cmd.authority);
        let late = || format!("CMD is not ready within {:?}: http://{authority} {last}", self.0.limit);
        if is_ready { Ok(()) } else { Err(late()) }
    }

    async fn ask(&self) -> Result<(), String> {
        let Some(cmd) = &self.0.cmd else { return Ok(()) };
        let answer = timeout(ANSWER_TIMEOUT, get_status(cmd)).await;
        let status = answer.unwrap_or_else(|_| Err(format!("gave no answer within {ANSWER_TIMEOUT:?}")))?;
        if status.is_success() { Ok(()) } else { Err(format!("answered {}", status.as_u16())) }
    }
}
