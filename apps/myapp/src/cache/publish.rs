//! Publication of this replica's events to the others.

use std::time::Duration;

use redis::Pipeline;
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

use super::Cache;
use super::counts::Counts;
use super::error::CacheError;
use super::message;
use super::session::Session;
use crate::feed::Told;

/// Approximate number of events retained in the stream: enough for a replica that was briefly disconnected.
const KEPT: usize = 4096;
/// Maximum number of events sent in one pipeline.
const AT_ONCE: usize = 128;
/// Pause after a failure of the cache.
const PAUSE: Duration = Duration::from_millis(500);

impl Cache {
    /// Queues an event of this replica for the others. The event is lost, and counted as lost, while the cache is unavailable.
    pub(crate) fn publish(&self, told: &Told) {
        let is_taken = message::write(told, &self.shared.origin)
            .is_some_and(|text| self.shared.queue.try_send(text).is_ok());
        if !is_taken {
            Counts::add(&self.shared.counts.lost, 1);
        }
    }
}

/// Sends the queued events, until dropped.
pub(super) async fn run(cache: Cache, mut waiting: Receiver<String>) {
    let mut session: Option<Session> = None;
    let mut away_until: Option<Instant> = None;
    let mut messages = Vec::with_capacity(AT_ONCE);
    while waiting.recv_many(&mut messages, AT_ONCE).await > 0 {
        let is_left_alone = away_until.is_some_and(|until| Instant::now() < until);
        let told = if is_left_alone { None } else { Some(send(&cache, &mut session, &messages).await) };
        let counts = &cache.shared.counts;
        match told {
            Some(Ok(())) => {
                away_until = None;
                Counts::add(&counts.sent, messages.len());
            }
            // Not retried: the cache may have accepted some of the events.
            Some(Err(error)) => {
                tracing::debug!(%error, "events were not told to the other replicas");
                away_until = Some(Instant::now() + PAUSE);
                Counts::add(&counts.lost, messages.len());
            }
            None => Counts::add(&counts.lost, messages.len()),
        }
        messages.clear();
    }
}

async fn send(cache: &Cache, held: &mut Option<Session>, messages: &[String]) -> Result<(), CacheError> {
    let target = cache.target();
    let mut session = Session::take(held, &target).await?;
    let mut pipeline = Pipeline::with_capacity(messages.len());
    let stream = cache.stream();
    for message in messages {
        let add = pipeline.cmd("XADD");
        add.arg(&stream).arg("MAXLEN").arg("~").arg(KEPT).arg("*").arg("m").arg(message);
    }
    session.send(&pipeline).await?;
    *held = Some(session);
    Ok(())
}
