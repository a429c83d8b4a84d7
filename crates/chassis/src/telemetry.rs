//! Log lines as JSON on standard output: one object a line, with an RFC 3339 timestamp, level, target, message, the
//! event's fields beside them and the span's below `span`. Standard error stays free for what is said before logging
//! is set up.

mod level;
mod queue;
mod traces;

use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Dispatch, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

pub use level::Level;
pub use traces::{ServerSpan, TraceCounters, TraceFlush, TraceSettings, Traces, TracesError};

use level::Gate;
use queue::{Lines, Queue};

/// Target of lines on the life of the process (start, stop, reload); written whatever the level is, never dropped.
pub const LIFECYCLE: &str = "lifecycle";

/// Target of lines on panics; written whatever the level is, never dropped.
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
    pub fn build(
        options: &Options,
        writer: impl Write + Send + 'static,
    ) -> io::Result<(impl Subscriber + Send + Sync, Self)> {
        let gate = Arc::new(Gate::new(options.level, &options.own_crates));
        let queue = Queue::start(writer)?;
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(Lines::new(queue.clone()))
            .with_filter(Arc::clone(&gate).filter());
        let telemetry = Self { gate, queue };
        Ok((tracing_subscriber::registry().with(lines), telemetry))
    }

    /// Changes the level at run time.
    pub fn set_level(&self, level: Level) {
        self.gate.set(level);
        tracing::callsite::rebuild_interest_cache();
    }

    /// The level in force.
    #[must_use]
    pub fn level(&self) -> Level {
        self.gate.level()
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
