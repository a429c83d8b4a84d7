//! Reception of the events of all other replicas.

use std::time::Duration;

use redis::Value;
use redis::streams::StreamReadReply;
use tokio::time::sleep;

use super::Cache;
use super::counts::Counts;
use super::error::{CacheError, Reason};
use super::message::{self, Refused};
use super::session::{ANSWER_TIMEOUT, Session};
use crate::feed::Feed;

/// Maximum time for which the server blocks a read before it answers that there is no event; detects dead connections.
const BLOCK: Duration = Duration::from_secs(5);
/// Messages per response. All of them at their maximum length are shorter than a response may be.
const AT_ONCE: usize = 64;
const _: () = assert!(AT_ONCE * (message::MAX_MESSAGE_BYTES + 256) < super::bounded::MAX_RESPONSE_BYTES);

/// Pauses between two attempts to reach the cache.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

/// Forwards the events of the other replicas to `feed`, until dropped.
pub(super) async fn run(cache: Cache, feed: Feed) {
    let mut place = Place { after: None };
    let mut failures = 0;
    let mut target = cache.shared.target.subscribe();
    loop {
        target.mark_unchanged();
        let followed = tokio::select! {
            followed = follow(&cache, &feed, &mut place, &mut failures) => followed,
            // The credential changed: reading continues at the same position with the new one.
            _ = target.changed() => continue,
        };
        cache.shared.hears_all.send_replace(false);
        if followed.is_too_long() {
            // A message that no replica of this service wrote. Readers are notified that an event is missing; later messages are
            // read.
            Counts::add(&cache.shared.counts.refused, 1);
            say_refused(Refused::TooLong);
            feed.skip(1);
            place.after = None;
        }
        tracing::debug!(error = %followed, "the other replicas are not heard");
        sleep(PAUSES[failures.min(PAUSES.len() - 1)]).await;
        failures += 1;
    }
}

/// Position of this replica in the stream.
struct Place {
    /// Id of the message read last; `None` to begin with messages published from now on.
    after: Option<String>,
}

async fn follow(cache: &Cache, feed: &Feed, place: &mut Place, failures: &mut usize) -> CacheError {
    match followed(cache, feed, place, failures).await {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

async fn followed(
    cache: &Cache,
    feed: &Feed,
    place: &mut Place,
    failures: &mut usize,
) -> Result<std::convert::Infallible, CacheError> {
    let mut session = Session::open(&cache.target()).await?;
    let mut after = match place.after.take() {
        Some(after) => after,
        None => now(&mut session).await?,
    };
    loop {
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT").arg(AT_ONCE);
        // The first read does not block, so that a refusal is known at once.
        if *cache.shared.hears_all.borrow() {
            read.arg("BLOCK").arg(u64::try_from(BLOCK.as_millis()).unwrap_or(u64::MAX));
        }
        read.arg("STREAMS").arg(cache.stream()).arg(&after);
        place.after = Some(after.clone());
        let answer: Option<StreamReadReply> = session.request(&read, BLOCK + ANSWER_TIMEOUT).await?;
        if !cache.shared.hears_all.send_replace(true) {
            *failures = 0;
        }
        for entry in answer.into_iter().flat_map(|answer| answer.keys).flat_map(|key| key.ids) {
            after.clone_from(&entry.id);
            let told = match entry.map.get("m") {
                Some(Value::BulkString(text)) => message::read(text),
                _ => Err(Refused::Malformed),
            };
            match told {
                Ok((_, origin)) if origin == cache.shared.origin => {}
                Ok((told, _)) => {
                    Counts::add(&cache.shared.counts.received, 1);
                    feed.tell(told);
                }
                Err(refused) => {
                    Counts::add(&cache.shared.counts.refused, 1);
                    say_refused(refused);
                }
            }
        }
    }
}

/// Returns the last id before all later messages, by the clock of the server, which assigns the ids.
async fn now(session: &mut Session) -> Result<String, CacheError> {
    let (seconds, micros): (u64, u64) = session.request(&redis::cmd("TIME"), ANSWER_TIMEOUT).await?;
    let millis = seconds.checked_mul(1000).and_then(|millis| millis.checked_add(micros / 1000));
    Ok(format!("{}-0", millis.ok_or(CacheError::of(Reason::Protocol))?))
}

fn say_refused(refused: Refused) {
    tracing::warn!(
        reason = refused.as_str(),
        "a message in the cache is none of this service, and was left out"
    );
}
