//! Telemetry: log lines, metrics and traces.
//!
//! Log lines are JSON on standard output: one object per line, with an RFC 3339 timestamp, level, target and message, the
//! event's fields beside them and the span's below `span`. On a terminal [`Telemetry::install`] writes the same lines for people: time,
//! level, message and fields, coloured unless `NO_COLOR` is set. Standard error is for errors before logging is set up.

mod level;
pub(crate) mod method;
#[cfg(feature = "metrics")]
pub(crate) mod metrics;
#[cfg(not(feature = "metrics"))]
#[path = "telemetry/no_metrics.rs"]
pub(crate) mod metrics;
#[cfg(feature = "metrics")]
mod process;
mod queue;
pub(crate) mod request_line;
pub(crate) mod target;
mod terminal;
#[cfg(feature = "traces")]
pub(crate) mod traces;

use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::Arc;
#[cfg(feature = "traces")]
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use tracing::{Dispatch, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

pub use level::{Level, Levels, TemporaryLevel, UnknownLevel};
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
#[cfg(feature = "metrics")]
pub use metrics::callback::Sample;
pub use target::{LIFECYCLE, PANIC};
#[cfg(feature = "traces")]
pub use traces::Traces;
#[cfg(feature = "traces")]
pub use traces::counters::{TraceCounters, TraceFlush};
#[cfg(feature = "traces")]
pub use traces::settings::{TracePlan, TraceSettings};
#[cfg(feature = "traces")]
pub use traces::span::ServerSpan;

use level::LevelFilter;
#[cfg(not(feature = "metrics"))]
use metrics::Metrics;
use queue::{Lines, Queue};
use request_line::{LineTemplate, RequestLine};
use terminal::Terminal;

/// Maximum time that [`Telemetry::flush`] waits.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Options of the log.
#[derive(Clone, Debug)]
pub struct Options {
    /// Least severe level that is written.
    pub level: Level,
    /// Crates whose lines follow the level; all others are written at warn at most, since their finer lines may contain
    /// headers and values. This crate is always one of them.
    pub own_crates: Vec<&'static str>,
}

/// Error of the set-up of the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// Another logger was set up in this process.
    #[error("cannot set up logging: this process has a logger already")]
    AlreadyInstalled,
    /// The thread that writes the lines could not be started.
    #[error("cannot start the thread that writes the log")]
    Writer(#[source] io::Error),
}

/// Handle to the telemetry of the process. Clones share it.
#[derive(Clone, Debug)]
pub struct Telemetry {
    filter: Arc<LevelFilter>,
    queue: Queue,
    metrics: Metrics,
    #[cfg(feature = "traces")]
    traces: Arc<OnceLock<Traces>>,
}

impl Telemetry {
    /// Logs to standard output from now on, including panics: JSON, or lines for people where it is a terminal.
    ///
    /// # Errors
    /// See [`InstallError`].
    pub fn install(options: &Options) -> Result<Self, InstallError> {
        Self::install_on(io::stdout(), options)
    }

    /// [`Telemetry::install`] on standard error, for a process whose standard output is another's.
    ///
    /// # Errors
    /// See [`InstallError`].
    pub fn install_on_stderr(options: &Options) -> Result<Self, InstallError> {
        Self::install_on(io::stderr(), options)
    }

    fn install_on<W: Write + IsTerminal + Send + 'static>(
        output: W,
        options: &Options,
    ) -> Result<Self, InstallError> {
        let writer: Box<dyn Write + Send> = if output.is_terminal() {
            Box::new(Terminal::new(output, terminal::wants_colour()))
        } else {
            Box::new(output)
        };
        let (subscriber, telemetry) = Self::build(options, writer).map_err(InstallError::Writer)?;
        tracing::dispatcher::set_global_default(Dispatch::new(subscriber))
            .map_err(|_| InstallError::AlreadyInstalled)?;
        std::panic::set_hook(Box::new(log_panic));
        Ok(telemetry)
    }

    /// Returns a subscriber that logs to `writer`, for the caller to install; panics are not hooked.
    ///
    /// # Errors
    /// Error of the operating system if the thread that writes the lines cannot be started.
    pub fn build<W: Write + Send + 'static>(
        options: &Options,
        writer: W,
    ) -> io::Result<(impl Subscriber + Send + Sync + use<W>, Self)> {
        let filter = Arc::new(LevelFilter::new(options.level, &options.own_crates));
        let queue = Queue::start(writer)?;
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(Lines::new(queue.clone()))
            .with_filter(Arc::clone(&filter).enforcer());
        let telemetry = Self {
            filter,
            queue,
            metrics: Metrics::new(),
            #[cfg(feature = "traces")]
            traces: Arc::default(),
        };
        #[cfg(feature = "metrics")]
        telemetry.register_metrics();
        Ok((tracing_subscriber::registry().with(lines), telemetry))
    }

    /// Collects metrics but writes no line, for a server inside a test.
    ///
    /// # Errors
    /// As [`Telemetry::build`].
    pub fn silent() -> io::Result<Self> {
        let options = Options { level: Level::Critical, own_crates: Vec::new() };
        Self::build(&options, io::sink()).map(|(_, telemetry)| telemetry)
    }

    /// Sets the level. A temporary level stays in force until its end.
    pub fn set_level(&self, level: Level) {
        self.filter.set(level);
    }

    /// Sets a temporary level, after which the configured one is in force again. Logs both changes.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn set_level_for(&self, level: Level, time: Duration) {
        let until = SystemTime::now() + time;
        let number = self.filter.set_temporary(level, until);
        let until = humantime::format_rfc3339_seconds(until);
        tracing::info!(target: LIFECYCLE, level = level.as_str(), %until, "temporary log level set");
        let filter = Arc::clone(&self.filter);
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            if filter.end_temporary(number) {
                let level = filter.in_force().as_str();
                tracing::info!(target: LIFECYCLE, level, "temporary log level ended");
            }
        });
    }

    /// Levels that are set, and the end of a temporary one.
    #[must_use]
    pub fn levels(&self) -> Levels {
        self.filter.levels()
    }

    pub(crate) fn logs_requests(&self) -> bool {
        self.filter.in_force() <= Level::Info
    }

    pub(crate) fn log_request(&self, template: &LineTemplate, line: &RequestLine<'_>, now: Instant) {
        line.with_bytes(template, now, |bytes| self.queue.push(bytes, false));
    }

    /// Number of lines that were lost because the reader of the log was too slow.
    #[must_use]
    pub fn dropped_lines(&self) -> u64 {
        self.queue.dropped()
    }

    /// Waits until all lines so far are written, two seconds at most; true if they are. Blocks the thread.
    pub fn flush(&self) -> bool {
        self.queue.flush(FLUSH_TIMEOUT)
    }

    /// Returns a guard that flushes when it is dropped. Held by `main`, it saves the last lines also if `main` panics.
    pub fn flush_on_drop(&self) -> FlushGuard {
        FlushGuard(self.clone())
    }
}

#[cfg(not(feature = "metrics"))]
impl Telemetry {
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

#[cfg(feature = "metrics")]
impl Telemetry {
    /// Metrics of the process.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn register_metrics(&self) {
        process::register(&self.metrics);
        let queue = self.queue.clone();
        self.metrics.counter(
            "log_lines_dropped",
            "Log lines lost because their reader was too slow or gone",
            move || vec![Sample::value(queue.dropped() as f64)],
        );
    }
}

#[cfg(feature = "traces")]
impl Telemetry {
    /// Exports the spans of sampled requests to a collector from now on. A second call has no effect.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn export_traces(&self, settings: TraceSettings) {
        let traces = self.traces.get_or_init(|| Traces::start(settings));
        #[cfg(feature = "metrics")]
        register_trace_metrics(traces, &self.metrics);
        #[cfg(not(feature = "metrics"))]
        let _ = traces;
    }

    /// Exports the spans that still wait, for `timeout` at most.
    pub async fn flush_traces(&self, timeout: Duration) {
        if let Some(traces) = self.traces.get() {
            let TraceFlush { exported, lost } = traces.shutdown(timeout).await;
            tracing::info!(target: LIFECYCLE, exported, lost, "spans flushed");
        }
    }

    pub(crate) fn traces(&self) -> Option<&Traces> {
        self.traces.get()
    }
}

#[cfg(all(feature = "traces", feature = "metrics"))]
fn register_trace_metrics(traces: &Traces, metrics: &Metrics) {
    let counter = |name, help, read: fn(TraceCounters) -> u64| {
        let traces = traces.clone();
        metrics.counter(name, help, move || vec![Sample::value(read(traces.counters()) as f64)]);
    };
    counter("otel_spans_ended", "Spans of finished requests", |counters| counters.ended);
    counter("otel_spans_exported", "Spans that the collector took", |counters| counters.exported);
    counter("otel_spans_dropped", "Spans never sent: the queue was full", |counters| counters.dropped);
    counter("otel_spans_failed", "Spans sent and not taken", |counters| counters.failed);
}

/// Guard of [`Telemetry::flush_on_drop`].
#[derive(Debug)]
#[must_use = "if dropped at once, it saves nothing"]
pub struct FlushGuard(Telemetry);

impl Drop for FlushGuard {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// Logs a panic with its location, and its message if that is text, as it is after `panic!`.
fn log_panic(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("not text");
    tracing::error!(target: PANIC, location, panic = message, "panicked");
}
