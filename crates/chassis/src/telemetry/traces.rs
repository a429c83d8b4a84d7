//! Traces: spans of finished requests for an OpenTelemetry collector (OTLP over HTTP), by the standard `OTEL_*` variables.
//!
//! A request appends its span to a bounded queue and never waits. A task sends the queue in batches; a slow or unreachable
//! collector loses spans, which are counted, and never delays a request.

pub(crate) mod counters;
mod exporter;
mod message;
mod sampler;
mod sender;
pub(crate) mod settings;
pub(crate) mod span;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use crate::trace_context::TraceContext;
use counters::{Counters, TraceCounters, TraceFlush};
use exporter::Exporter;
use settings::TraceSettings;
use span::ServerSpan;

/// Exporter of the spans of sampled requests. Clones share the queue.
#[derive(Clone, Debug)]
pub struct Traces(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Encoded spans.
    queue: mpsc::Sender<Vec<u8>>,
    /// Wakes the exporter early, once a whole batch waits: a wake-up per span would cost more than the rest of its recording.
    batch_waits: Arc<Notify>,
    batch_spans: usize,
    sampler: sampler::Sampler,
    counters: Arc<Counters>,
    /// End of the flush, set by a shutdown.
    flush_until: watch::Sender<Option<Instant>>,
}

impl Traces {
    /// Starts the task that exports spans. It ends with [`Traces::shutdown`], or some time after the last clone is dropped.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
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

    /// Sampling decision for the request at `context`, whose caller has the context `parent`. Store the decision by
    /// [`TraceContext::with_sampled`].
    #[must_use]
    pub fn samples(&self, parent: Option<&TraceContext>, context: &TraceContext) -> bool {
        self.0.sampler.samples(parent, context.trace_id())
    }

    /// Queues the span of a finished request that is sampled. Never waits: counts the span as dropped if the queue is full, or
    /// after a shutdown.
    pub fn record(&self, span: &ServerSpan<'_>) {
        let shared = &*self.0;
        shared.counters.ended.fetch_add(1, Ordering::Relaxed);
        match shared.queue.try_reserve() {
            Ok(permit) => permit.send(message::span(span)),
            Err(_) => {
                shared.counters.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
        if shared.queue.max_capacity() - shared.queue.capacity() >= shared.batch_spans {
            shared.batch_waits.notify_one();
        }
    }

    /// Current counters. They are read one by one, so their sums may differ by spans that end at this moment.
    #[must_use]
    pub fn counters(&self) -> TraceCounters {
        self.0.counters.read()
    }

    /// Exports the waiting spans, for `timeout` at most, and ends the task; spans that are recorded later are dropped.
    pub async fn shutdown(&self, timeout: Duration) -> TraceFlush {
        let before = self.counters();
        self.0.flush_until.send_replace(Some(Instant::now() + timeout));
        self.0.flush_until.closed().await;
        let after = self.counters();
        TraceFlush {
            exported: after.exported - before.exported,
            lost: after.dropped + after.failed - before.dropped - before.failed,
        }
    }
}
