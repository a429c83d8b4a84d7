//! Which lines are written.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

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

    /// Its name, in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

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

/// The level that is set, and one that may stand in for it for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// Set for good, by the configuration.
    pub set: Level,
    /// Set for a while; in force until then.
    pub passing: Option<PassingLevel>,
}

/// A level with an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassingLevel {
    /// The level.
    pub level: Level,
    /// When the one that is set is in force again.
    pub until: SystemTime,
    /// Tells it from those before and after it.
    pub(super) number: u64,
}

impl Levels {
    /// The level in force.
    #[must_use]
    pub fn in_force(&self) -> Level {
        self.passing.map_or(self.set, |passing| passing.level)
    }
}

/// The levels and the crates that follow them.
#[derive(Debug)]
pub(super) struct Gate {
    levels: Mutex<Levels>,
    /// The level in force, for those who ask at every line.
    in_force: AtomicU8,
    changes: AtomicU64,
    own_crates: Vec<&'static str>,
}

impl Gate {
    pub(super) fn new(level: Level, own_crates: &[&'static str]) -> Self {
        let mut own_crates = own_crates.to_vec();
        own_crates.push(env!("CARGO_CRATE_NAME"));
        let levels = Mutex::new(Levels { set: level, passing: None });
        Self { levels, in_force: AtomicU8::new(level as u8), changes: AtomicU64::new(0), own_crates }
    }

    pub(super) fn in_force(&self) -> Level {
        let index = usize::from(self.in_force.load(Ordering::Relaxed));
        Level::ALL.get(index).copied().unwrap_or(Level::Critical)
    }

    pub(super) fn levels(&self) -> Levels {
        *self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, level: Level) {
        self.change(|levels| levels.set = level);
    }

    /// Returns its number, for [`Gate::end_passing`].
    pub(super) fn set_passing(&self, level: Level, until: SystemTime) -> u64 {
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        self.change(|levels| levels.passing = Some(PassingLevel { level, until, number }));
        number
    }

    /// Ends the passing level of that number, unless another has taken its place; true when it did.
    pub(super) fn end_passing(&self, number: u64) -> bool {
        let mut ended = false;
        self.change(|levels| {
            ended = levels.passing.take_if(|passing| passing.number == number).is_some();
        });
        ended
    }

    fn change(&self, change: impl FnOnce(&mut Levels)) {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut levels);
        self.in_force.store(levels.in_force() as u8, Ordering::Relaxed);
        drop(levels);
        tracing::callsite::rebuild_interest_cache();
    }

    pub(super) fn filter(self: Arc<Self>) -> GateFilter {
        GateFilter(self)
    }

    fn admits(&self, metadata: &Metadata<'_>) -> bool {
        let level = self.in_force();
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

    /// Depends on the level alone, so the answer is kept until [`Gate::change`] asks anew.
    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.0.admits(metadata) { Interest::always() } else { Interest::never() }
    }
}
