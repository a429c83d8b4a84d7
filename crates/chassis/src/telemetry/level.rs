//! Log levels, and the filter that applies them.

use std::str::FromStr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing::level_filters::LevelFilter as MaxLevel;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

use super::target::{LIFECYCLE, PANIC};

/// Log level; each level includes the ones after it.
///
/// As text it is its name in any case, or `warning` for [`Level::Warn`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Level {
    /// Everything.
    Trace,
    /// Details for developers of the service.
    Debug,
    /// One line per request.
    Info,
    /// An operator should look at it eventually.
    Warn,
    /// An operator must act.
    Error,
    /// Life of the process and panics only.
    Critical,
}

impl Level {
    const ALL: [Self; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Critical];

    /// Name of the level, in lower case.
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

    fn max_level(self) -> MaxLevel {
        match self {
            Self::Trace => MaxLevel::TRACE,
            Self::Debug => MaxLevel::DEBUG,
            Self::Info => MaxLevel::INFO,
            Self::Warn => MaxLevel::WARN,
            Self::Error => MaxLevel::ERROR,
            Self::Critical => MaxLevel::OFF,
        }
    }
}

/// A text that names no [`Level`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("unknown log level: expected trace, debug, info, warn, warning, error or critical")]
pub struct UnknownLevel;

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let is_named = |level: &Self| level.as_str().eq_ignore_ascii_case(text);
        match Self::ALL.into_iter().find(is_named) {
            Some(level) => Ok(level),
            None if text.eq_ignore_ascii_case("warning") => Ok(Self::Warn),
            None => Err(UnknownLevel),
        }
    }
}

impl TryFrom<String> for Level {
    type Error = UnknownLevel;

    fn try_from(text: String) -> Result<Self, UnknownLevel> {
        text.parse()
    }
}

impl From<Level> for &'static str {
    fn from(level: Level) -> Self {
        level.as_str()
    }
}

/// The configured level, and a temporary one that may replace it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// Level of the configuration.
    pub set: Level,
    /// Temporary level, in force until its end.
    pub temporary: Option<TemporaryLevel>,
}

/// A level that ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemporaryLevel {
    /// The level.
    pub level: Level,
    /// Time at which the configured level is in force again.
    pub until: SystemTime,
    /// Number that identifies this temporary level.
    pub(super) number: u64,
}

impl Levels {
    /// Level in force.
    #[must_use]
    pub fn in_force(&self) -> Level {
        self.temporary.map_or(self.set, |temporary| temporary.level)
    }
}

/// Filter of log lines: the levels, and the crates that follow them.
#[derive(Debug)]
pub(super) struct LevelFilter {
    levels: Mutex<Levels>,
    /// Level in force, read for every line.
    in_force: AtomicU8,
    changes: AtomicU64,
    own_crates: Vec<&'static str>,
}

impl LevelFilter {
    pub(super) fn new(level: Level, own_crates: &[&'static str]) -> Self {
        let mut own_crates = own_crates.to_vec();
        own_crates.push(env!("CARGO_CRATE_NAME"));
        let levels = Mutex::new(Levels { set: level, temporary: None });
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

    /// Sets a temporary level and returns its number, for [`LevelFilter::end_temporary`].
    pub(super) fn set_temporary(&self, level: Level, until: SystemTime) -> u64 {
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        self.change(|levels| levels.temporary = Some(TemporaryLevel { level, until, number }));
        number
    }

    /// Ends the temporary level of that number, unless another has replaced it; true if it ended.
    pub(super) fn end_temporary(&self, number: u64) -> bool {
        let mut ended = false;
        self.change(|levels| {
            ended = levels.temporary.take_if(|temporary| temporary.number == number).is_some();
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

    /// The filter for `tracing-subscriber`.
    pub(super) fn enforcer(self: Arc<Self>) -> Enforcer {
        Enforcer(self)
    }

    fn admits(&self, metadata: &Metadata<'_>) -> bool {
        let level = self.in_force();
        if is_always_written(metadata.target()) {
            return true;
        }
        if !self.is_own(metadata.target()) {
            return *metadata.level() <= level.max_level().min(MaxLevel::WARN);
        }
        // Spans of the own crates remain enabled, so that an error line still names its request.
        let filter =
            if metadata.is_span() { level.max_level().max(MaxLevel::INFO) } else { level.max_level() };
        *metadata.level() <= filter
    }

    fn is_own(&self, target: &str) -> bool {
        self.own_crates.iter().any(|name| {
            target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    }
}

/// True for the targets whose lines are written at every level.
pub(super) fn is_always_written(target: &str) -> bool {
    target == LIFECYCLE || target == PANIC
}

pub(super) struct Enforcer(Arc<LevelFilter>);

impl<S: Subscriber> Filter<S> for Enforcer {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.0.admits(metadata)
    }

    /// Depends on the level only, so the result is cached until [`LevelFilter::change`] invalidates it.
    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.0.admits(metadata) { Interest::always() } else { Interest::never() }
    }
}
