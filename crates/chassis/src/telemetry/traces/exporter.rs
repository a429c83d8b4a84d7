//! Task that takes spans from the queue and sends them in batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::resource::v1::Resource;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::counters::Counters;
use super::message;
use super::sender::{Delivery, Sender};
use super::settings::{Batches, TraceSettings};

type Stop = watch::Receiver<Option<Instant>>;

pub(super) struct Exporter {
    sender: Arc<Sender>,
    batches: Batches,
    resource: Arc<Resource>,
    spans: mpsc::Receiver<Vec<u8>>,
    batch_waits: Arc<Notify>,
    counters: Arc<Counters>,
    /// Number of spans taken from the queue whose outcome is not known yet.
    in_transit: u64,
    /// Number of spans lost since the collector last accepted a whole batch.
    lost_since_success: u64,
}

impl Exporter {
    pub(super) fn new(
        settings: TraceSettings,
        spans: mpsc::Receiver<Vec<u8>>,
        batch_waits: Arc<Notify>,
        counters: Arc<Counters>,
    ) -> Self {
        let resource = Arc::new(message::resource(&settings.resource));
        let batches = settings.batches;
        let sender = Arc::new(Sender::new(settings.collector, batches.export_time));
        Self { sender, batches, resource, spans, batch_waits, counters, in_transit: 0, lost_since_success: 0 }
    }

    /// Runs until a shutdown, and ends with its flush or at its deadline, whichever comes first. The caller of the shutdown waits
    /// until the last clone of `stop` is dropped, so it is held until everything is counted.
    pub(super) async fn run(mut self, stop: Stop) {
        let flush_time = self.batches.export_time;
        tokio::select! {
            () = self.export_until(stop.clone()) => {}
            () = end_of_flush(stop.clone(), flush_time) => {}
        }
        drop(self);
        drop(stop);
    }

    /// Exports until a stop. A span waits for the schedule's delay at most, unless a batch is still being sent.
    async fn export_until(&mut self, mut stop: Stop) {
        loop {
            let next = Instant::now() + self.batches.schedule_delay;
            if self.stopped_or_due(&mut stop, next).await {
                self.spans.close();
                while let Some(batch) = self.take_batch() {
                    self.export(batch).await;
                }
                return;
            }
            while let Some(batch) = self.take_batch() {
                self.export(batch).await;
                if self.spans.len() < self.batches.batch_spans {
                    break;
                }
            }
        }
    }

    /// True if stopped, false if a batch is due.
    async fn stopped_or_due(&self, stop: &mut Stop, next: Instant) -> bool {
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(Option::is_some) => return true,
                () = sleep_until(next) => return false,
                () = self.batch_waits.notified() => {
                    // The last batch may have included the spans of this wake-up.
                    if self.spans.len() >= self.batches.batch_spans {
                        return false;
                    }
                }
            }
        }
    }

    /// Takes the next batch; `None` if there are no spans.
    fn take_batch(&mut self) -> Option<Vec<Vec<u8>>> {
        let spans = std::iter::from_fn(|| self.spans.try_recv().ok());
        let batch: Vec<_> = spans.take(self.batches.batch_spans).collect();
        (!batch.is_empty()).then_some(batch)
    }

    async fn export(&mut self, batch: Vec<Vec<u8>>) {
        let n_spans = batch.len() as u64;
        self.in_transit = n_spans;
        let (sender, resource) = (Arc::clone(&self.sender), Arc::clone(&self.resource));
        let delivery = outcome(async move { sender.deliver(message::export(&resource, batch)).await }).await;
        self.in_transit = 0;
        match delivery {
            Some(delivery) => self.account(n_spans, delivery),
            None => add(&self.counters.dropped, n_spans),
        }
    }

    fn account(&mut self, n_spans: u64, delivery: Delivery) {
        let (n_lost, reason) = match delivery {
            Delivery::Accepted { rejected, reason } => (rejected.min(n_spans), reason),
            Delivery::Lost { reason } => (n_spans, reason.to_string()),
        };
        add(&self.counters.exported, n_spans - n_lost);
        add(&self.counters.failed, n_lost);
        self.report(n_lost, &reason);
    }

    /// Logs once per outage, and once at its end.
    fn report(&mut self, n_lost: u64, reason: &str) {
        match (self.lost_since_success, n_lost) {
            (0, 0) => {}
            (0, _) => tracing::warn!(reason, "cannot deliver spans to the collector: they are lost"),
            (spans_lost, 0) => tracing::info!(spans_lost, "spans reach the collector again"),
            _ => {}
        }
        self.lost_since_success = if n_lost == 0 { 0 } else { self.lost_since_success + n_lost };
    }

    fn count_the_rest(&mut self) {
        self.spans.close();
        let mut n_dropped = self.in_transit;
        while self.spans.try_recv().is_ok() {
            n_dropped += 1;
        }
        add(&self.counters.dropped, n_dropped);
    }
}

/// Counts the remaining spans, however the task ends.
impl Drop for Exporter {
    fn drop(&mut self) {
        self.count_the_rest();
    }
}

/// Returns the result of `work`, which runs in its own task; `None` if it panics. Dropping the future aborts the task.
async fn outcome<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let mut task = JoinSet::new();
    task.spawn(work);
    task.join_next().await.and_then(Result::ok)
}

/// Waits for the deadline of a shutdown. If the last handle is dropped without one, waits for `flush_time` after that.
async fn end_of_flush(mut stop: Stop, flush_time: Duration) {
    let deadline = stop.wait_for(Option::is_some).await.ok().and_then(|until| *until);
    sleep_until(deadline.unwrap_or_else(|| Instant::now() + flush_time)).await;
}

fn add(counter: &AtomicU64, n_spans: u64) {
    counter.fetch_add(n_spans, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panic_of_a_delivery_has_no_outcome() {
        assert_eq!(outcome(async { 1 }).await, Some(1));
        assert_eq!(outcome::<u8>(async { panic!("on purpose") }).await, None);
    }
}
