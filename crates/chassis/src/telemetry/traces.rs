//! Finished requests on their way to an OpenTelemetry collector (OTLP over HTTP), by the standard `OTEL_*` variables.
//!
//! A request hands its span to a bounded queue and goes on. A task sends what is queued in batches; a collector that is
//! slow or gone costs spans, which are counted, and never a request.

mod exporter;
mod message;
mod sampler;
mod sender;
mod settings;
mod span;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use crate::trace_context::TraceContext;
use exporter::Exporter;

pub use settings::{TracePlan, TraceSettings};
pub use span::ServerSpan;

/// Sends the spans of sampled requests to a collector. Clones share the queue.
#[derive(Clone, Debug)]
pub struct Traces(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Spans as they are sent.
    queue: mpsc::Sender<Vec<u8>>,
    /// Wakes the exporter before its time, once a whole batch waits: a wake-up for each span would cost more than all
    /// the rest of recording it.
    batch_waits: Arc<Notify>,
    batch_spans: usize,
    sampler: sampler::Sampler,
    counters: Arc<Counters>,
    /// Set to the end of the flush by a shutdown.
    flush_until: watch::Sender<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Counters {
    ended: AtomicU64,
    exported: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
}

/// What became of the spans since the start. `ended` is the sum of the others and of those still waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceCounters {
    /// Given to [`Traces::record`].
    pub ended: u64,
    /// Taken by the collector.
    pub exported: u64,
    /// Never sent: the queue was full, or there was no time left at the end.
    pub dropped: u64,
    /// Sent, and refused by the collector or given up after the last try.
    pub failed: u64,
}

/// What a shutdown could still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceFlush {
    /// Spans that the collector took during the shutdown.
    pub exported: u64,
    /// Spans that were lost during the shutdown.
    pub lost: u64,
}

impl Traces {
    /// Starts the task that exports. It ends with [`Traces::shutdown`], or some time after the last clone is dropped.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(settings: TraceSettings) -> Self {
        let (queue, spans) = mpsc::channel(settings.batches.queue_spans);
        let (flush_until, stop) = watch::channel(None);
        let batch_waits = Arc::new(Notify::new());
        let counters = Arc::new(Counters::default());
        let shared = Shared {
            queue,
            batch_waits: Arc::clone(&batch_waits),
            batch_spans: settings.batches.batch_spans,
            sampler: settings.sampler,
            counters: Arc::clone(&counters),
            flush_until,
        };
        tokio::spawn(Exporter::new(settings, spans, batch_waits, counters).run(stop));
        Self(Arc::new(shared))
    }

    /// Whether the request at `context` is to be recorded, where `parent` is its caller's context. Tell the context of
    /// the decision by [`TraceContext::with_sampled`].
    #[must_use]
    pub fn samples(&self, parent: Option<&TraceContext>, context: &TraceContext) -> bool {
        self.0.sampler.samples(parent, context.trace_id())
    }

    /// Takes the span of a finished request that is sampled. Never waits: counts the span as dropped when the queue is
    /// full, or after a shutdown.
    pub fn record(&self, span: &ServerSpan<'_>) {
        let shared = &*self.0;
        shared.counters.ended.fetch_add(1, Ordering::Relaxed);
        match shared.queue.try_reserve() {
            Ok(place) => place.send(message::span(span)),
            Err(_) => {
                shared.counters.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
        if shared.queue.max_capacity() - shared.queue.capacity() >= shared.batch_spans {
            shared.batch_waits.notify_one();
        }
    }

    /// The counters now. Those that belong together may be apart by the spans of this moment.
    #[must_use]
    pub fn counters(&self) -> TraceCounters {
        self.0.counters.read()
    }

    /// Sends what waits, for `patience` at most, and ends the task; a span that is recorded from now on is dropped.
    pub async fn shutdown(&self, patience: Duration) -> TraceFlush {
        let before = self.counters();
        self.0.flush_until.send_replace(Some(Instant::now() + patience));
        self.0.flush_until.closed().await;
        let after = self.counters();
        TraceFlush {
            exported: after.exported - before.exported,
            lost: after.dropped + after.failed - before.dropped - before.failed,
        }
    }
}

impl Counters {
    fn read(&self) -> TraceCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TraceCounters {
            ended: read(&self.ended),
            exported: read(&self.exported),
            dropped: read(&self.dropped),
            failed: read(&self.failed),
        }
    }
}
