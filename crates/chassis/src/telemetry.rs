//! Log lines as JSON on standard output: one object a line, with an RFC 3339 timestamp, level, target, message, the
//! event's fields beside them and the span's below `span`. Standard error stays free for what is said before logging
//! is set up.

mod level;
mod metrics;
mod process;
mod queue;
mod request_line;
mod traces;

use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use tracing::{Dispatch, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

pub use level::{Level, Levels, PassingLevel};
pub(crate) use metrics::RequestLabels;
pub use metrics::{Metrics, Sample};
pub(crate) use request_line::{KnownLine, RequestLine};
pub use traces::{ServerSpan, TraceCounters, TraceFlush, TracePlan, TraceSettings, Traces};

use level::Gate;
use queue::{Lines, Queue};

/// Target of lines on the life of the process (start, stop, reload); written whatever the level is, and dropped only where the
/// log has not been read for megabytes.
pub const LIFECYCLE: &str = "lifecycle";

/// Target of lines on panics; written and kept like those of [`LIFECYCLE`].
pub const PANIC: &str = "panic";

/// What to log.
#[derive(Clone, Debug)]
pub struct Options {
    /// Least severe level that is written.
    pub level: Level,
    /// Crates whose lines follow the level; all others are written at warn at most, since their finer lines may carry
    /// headers and values. This crate is always one of them.
    pub own_crates: Vec<&'static str>,
}

/// Logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Something else has set up logging in this process.
    #[error("logging is set up already")]
    AlreadyInstalled,
    /// The thread that writes the lines could not be started.
    #[error("the log writer cannot be started")]
    Writer(#[source] io::Error),
}

/// Handle to the log of the process. Clones share it.
#[derive(Clone, Debug)]
pub struct Telemetry {
    gate: Arc<Gate>,
    queue: Queue,
    metrics: Metrics,
    traces: Arc<OnceLock<Traces>>,
}

impl Telemetry {
    /// Logs to standard output from now on, panics included.
    ///
    /// # Errors
    /// See [`InstallError`].
    pub fn install(options: &Options) -> Result<Self, InstallError> {
        let (subscriber, telemetry) = Self::build(options, io::stdout()).map_err(InstallError::Writer)?;
        tracing::dispatcher::set_global_default(Dispatch::new(subscriber))
            .map_err(|_| InstallError::AlreadyInstalled)?;
        std::panic::set_hook(Box::new(log_panic));
        Ok(telemetry)
    }

    /// Logs to any writer, for the caller to install; panics are not hooked.
    ///
    /// # Errors
    /// When the thread that writes the lines cannot be started.
    pub fn build<W: Write + Send + 'static>(
        options: &Options,
        writer: W,
    ) -> io::Result<(impl Subscriber + Send + Sync + use<W>, Self)> {
        let gate = Arc::new(Gate::new(options.level, &options.own_crates));
        let queue = Queue::start(writer)?;
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(Lines::new(queue.clone()))
            .with_filter(Arc::clone(&gate).filter());
        let metrics = Metrics::new();
        process::register(&metrics);
        metrics.counter("log_lines_dropped", "Log lines lost because their reader was too slow or gone", {
            let queue = queue.clone();
            move || vec![Sample::of(queue.dropped() as f64)]
        });
        let telemetry = Self { gate, queue, metrics, traces: Arc::default() };
        Ok((tracing_subscriber::registry().with(lines), telemetry))
    }

    /// Keeps metrics but writes no line, for a server inside of a test.
    ///
    /// # Errors
    /// As [`Telemetry::build`].
    pub fn silent() -> io::Result<Self> {
        let options = Options { level: Level::Critical, own_crates: Vec::new() };
        Self::build(&options, io::sink()).map(|(_, telemetry)| telemetry)
    }

    /// Changes the level at run time. One that was set for a while stays in force until its end.
    pub fn set_level(&self, level: Level) {
        self.gate.set(level);
    }

    /// Changes the level for a while; then the one that is set is in force again, by itself. Says both in the log.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn set_level_for(&self, level: Level, time: Duration) {
        let until = SystemTime::now() + time;
        let number = self.gate.set_passing(level, until);
        let until = humantime::format_rfc3339_seconds(until);
        tracing::info!(target: LIFECYCLE, level = level.as_str(), %until, "log level set for a while");
        let gate = Arc::clone(&self.gate);
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            if gate.end_passing(number) {
                let level = gate.in_force().as_str();
                tracing::info!(target: LIFECYCLE, level, "log level is as set again");
            }
        });
    }

    /// The levels that are set, and until when.
    #[must_use]
    pub fn levels(&self) -> Levels {
        self.gate.levels()
    }

    /// The metrics of the process.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Sends the spans of sampled requests to a collector from now on. Those of a second call are never sent.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn export_traces(&self, settings: TraceSettings) {
        let traces = self.traces.get_or_init(|| Traces::start(settings)).clone();
        let counter = |name, help, read: fn(TraceCounters) -> u64| {
            let traces = traces.clone();
            self.metrics.counter(name, help, move || vec![Sample::of(read(traces.counters()) as f64)]);
        };
        counter("otel_spans_ended", "Spans of finished requests", |counters| counters.ended);
        counter("otel_spans_exported", "Spans that the collector took", |counters| counters.exported);
        counter("otel_spans_dropped", "Spans never sent: the queue was full", |counters| counters.dropped);
        counter("otel_spans_failed", "Spans sent and not taken", |counters| counters.failed);
    }

    /// Sends the spans that still wait, for `patience` at most.
    pub async fn flush_traces(&self, patience: Duration) {
        if let Some(traces) = self.traces.get() {
            let TraceFlush { exported, lost } = traces.shutdown(patience).await;
            tracing::info!(target: LIFECYCLE, exported, lost, "spans flushed");
        }
    }

    pub(crate) fn traces(&self) -> Option<&Traces> {
        self.traces.get()
    }

    pub(crate) fn logs_requests(&self) -> bool {
        self.gate.in_force() <= Level::Info
    }

    pub(crate) fn log_request(&self, known: &KnownLine, line: &RequestLine<'_>, now: Instant) {
        line.with_bytes(known, now, |bytes| self.queue.push(bytes, false));
    }

    /// Lines lost because the reader of the log was too slow.
    #[must_use]
    pub fn dropped_lines(&self) -> u64 {
        self.queue.dropped()
    }

    /// Waits until all lines so far are written, two seconds at most; true when they are. Blocks.
    pub fn flush(&self) -> bool {
        self.queue.flush(Duration::from_secs(2))
    }

    /// Flushes when it is dropped: held by `main`, it saves the last lines also when `main` panics.
    pub fn flush_on_drop(&self) -> FlushGuard {
        FlushGuard(self.clone())
    }
}

/// See [`Telemetry::flush_on_drop`].
#[derive(Debug)]
#[must_use = "dropped at once it saves nothing"]
pub struct FlushGuard(Telemetry);

impl Drop for FlushGuard {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// Logs a panic with its place. Its payload only when it is text, which is what `panic!` makes.
fn log_panic(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("not text");
    tracing::error!(target: PANIC, location, panic = message, "panicked");
}

/// The method's name, where it is of RFC 9110 or PATCH. A closed set, since a client can make up methods without end.
pub(crate) fn known_method(method: &str) -> Option<&'static str> {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|name| *name == method)
}
