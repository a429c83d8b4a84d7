//! The task that takes spans from the queue and sends them in batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::resource::v1::Resource;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::sender::{Delivery, Sender};
use super::settings::{Batches, TraceSettings};
use super::{Counters, message};

type Stop = watch::Receiver<Option<Instant>>;

pub(super) struct Exporter {
    sender: Arc<Sender>,
    batches: Batches,
    resource: Arc<Resource>,
    spans: mpsc::Receiver<Vec<u8>>,
    batch_waits: Arc<Notify>,
    counters: Arc<Counters>,
    /// Spans taken from the queue, and not yet known to be delivered or lost.
    under_way: u64,
    /// Spans lost since the collector last took a whole batch.
    lost_in_a_row: u64,
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
        Self { sender, batches, resource, spans, batch_waits, counters, under_way: 0, lost_in_a_row: 0 }
    }

    /// Ends after a shutdown, with the flush or at its deadline, whichever comes first. Whoever shuts down waits until
    /// the last clone of `stop` is gone, so this one is kept until all is counted.
    pub(super) async fn run(mut self, stop: Stop) {
        let patience = self.batches.export_time;
        tokio::select! {
            () = self.export_until(stop.clone()) => {}
            () = end_of_flush(stop.clone(), patience) => {}
        }
        drop(self);
        drop(stop);
    }

    /// A span waits for the schedule's delay at most before it is sent, unless a batch is still under way.
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

    /// True when stopped, false when it is time for a batch.
    async fn stopped_or_due(&self, stop: &mut Stop, next: Instant) -> bool {
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(Option::is_some) => return true,
                () = sleep_until(next) => return false,
                () = self.batch_waits.notified() => {
                    // A wake-up may be left over from spans that the last batch took along.
                    if self.spans.len() >= self.batches.batch_spans {
                        return false;
                    }
                }
            }
        }
    }

    /// None when there is nothing to send.
    fn take_batch(&mut self) -> Option<Vec<Vec<u8>>> {
        let spans = std::iter::from_fn(|| self.spans.try_recv().ok());
        let batch: Vec<_> = spans.take(self.batches.batch_spans).collect();
        (!batch.is_empty()).then_some(batch)
    }

    async fn export(&mut self, batch: Vec<Vec<u8>>) {
        let n_spans = batch.len() as u64;
        self.under_way = n_spans;
        let (sender, resource) = (Arc::clone(&self.sender), Arc::clone(&self.resource));
        let delivery = outcome(async move { sender.deliver(message::export(&resource, batch)).await }).await;
        self.under_way = 0;
        match delivery {
            Some(delivery) => self.account(n_spans, delivery),
            None => add(&self.counters.dropped, n_spans),
        }
    }

    fn account(&mut self, n_spans: u64, delivery: Delivery) {
        let (n_lost, reason) = match delivery {
            Delivery::Taken { refused, reason } => (refused.min(n_spans), reason),
            Delivery::Lost { reason } => (n_spans, reason.to_string()),
        };
        add(&self.counters.exported, n_spans - n_lost);
        add(&self.counters.failed, n_lost);
        self.report(n_lost, &reason);
    }

    /// Once for each outage: a collector that is away for hours is no news every few seconds.
    fn report(&mut self, n_lost: u64, reason: &str) {
        match (self.lost_in_a_row, n_lost) {
            (0, 0) => {}
            (0, _) => tracing::warn!(reason, "spans are lost on their way to the collector"),
            (spans_lost, 0) => tracing::info!(spans_lost, "spans reach the collector again"),
            _ => {}
        }
        self.lost_in_a_row = if n_lost == 0 { 0 } else { self.lost_in_a_row + n_lost };
    }

    fn count_the_rest(&mut self) {
        self.spans.close();
        let mut n_dropped = self.under_way;
        while self.spans.try_recv().is_ok() {
            n_dropped += 1;
        }
        add(&self.counters.dropped, n_dropped);
    }
}

/// However the task ends, no span is in no counter.
impl Drop for Exporter {
    fn drop(&mut self) {
        self.count_the_rest();
    }
}

/// Result of `work`, which runs in a task of its own; none where it panics. Dropped, it ends the task.
async fn outcome<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let mut task = JoinSet::new();
    task.spawn(work);
    task.join_next().await.and_then(Result::ok)
}

/// The deadline of a shutdown; when the last handle is dropped without one, `patience` from then on.
async fn end_of_flush(mut stop: Stop, patience: Duration) {
    let told = stop.wait_for(Option::is_some).await.ok().and_then(|until| *until);
    sleep_until(told.unwrap_or_else(|| Instant::now() + patience)).await;
}

fn add(counter: &AtomicU64, n_spans: u64) {
    counter.fetch_add(n_spans, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panic_of_a_delivery_is_no_outcome() {
        assert_eq!(outcome(async { 1 }).await, Some(1));
        assert_eq!(outcome::<u8>(async { panic!("on purpose") }).await, None);
    }
}
