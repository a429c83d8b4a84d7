//! Which lines are written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

use super::{LIFECYCLE, PANIC};

/// How much is logged; each level includes the ones after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything.
    Trace,
    /// For whoever develops the service.
    Debug,
    /// One line a request.
    Info,
    /// Someone should look, some day.
    Warn,
    /// Someone must act.
    Error,
    /// The life of the process and panics only.
    Critical,
}

impl Level {
    const ALL: [Self; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Critical];

    fn filter(self) -> LevelFilter {
        match self {
            Self::Trace => LevelFilter::TRACE,
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warn => LevelFilter::WARN,
            Self::Error => LevelFilter::ERROR,
            Self::Critical => LevelFilter::OFF,
        }
    }
}

/// The level in force and the crates that follow it.
#[derive(Debug)]
pub(super) struct Gate {
    level: AtomicU8,
    own_crates: Vec<&'static str>,
}

impl Gate {
    pub(super) fn new(level: Level, own_crates: &[&'static str]) -> Self {
        let mut own_crates = own_crates.to_vec();
        own_crates.push(env!("CARGO_CRATE_NAME"));
        Self { level: AtomicU8::new(level as u8), own_crates }
    }

    pub(super) fn level(&self) -> Level {
        let index = usize::from(self.level.load(Ordering::Relaxed));
        Level::ALL.get(index).copied().unwrap_or(Level::Critical)
    }

    pub(super) fn set(&self, level: Level) {
        self.level.store(level as u8, Ordering::Relaxed);
    }

    pub(super) fn filter(self: Arc<Self>) -> GateFilter {
        GateFilter(self)
    }

    fn admits(&self, metadata: &Metadata<'_>) -> bool {
        let level = self.level();
        if is_always_written(metadata.target()) {
            return true;
        }
        if !self.is_own(metadata.target()) {
            return *metadata.level() <= level.filter().min(LevelFilter::WARN);
        }
        // Spans of the own crates stay on, so that an error line still says which request it belongs to.
        let filter = if metadata.is_span() { level.filter().max(LevelFilter::INFO) } else { level.filter() };
        *metadata.level() <= filter
    }

    fn is_own(&self, target: &str) -> bool {
        self.own_crates.iter().any(|name| {
            target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    }
}

pub(super) fn is_always_written(target: &str) -> bool {
    target == LIFECYCLE || target == PANIC
}

pub(super) struct GateFilter(Arc<Gate>);

impl<S: Subscriber> Filter<S> for GateFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.0.admits(metadata)
    }

    /// Depends on the level alone, so the answer is kept until [`super::Telemetry::set_level`] asks anew.
    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.0.admits(metadata) { Interest::always() } else { Interest::never() }
    }
}
