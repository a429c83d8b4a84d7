use std::time::Duration;

/// Time limits of a reload's parts.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Time from a hint of the system to the look: one change comes as several hints. It runs from the first of them,
    /// so that changes without end cannot put the look off.
    pub debounce: Duration,
    /// Time between two looks without any hint.
    pub poll: Duration,
    /// Time that all participants together have to prepare.
    pub prepare: Duration,
    /// Time after the commit during which a participant may object. The next change waits for its end, so this bounds the delay
    /// of a correction.
    pub observe: Duration,
    /// Time before what was refused or rolled back for a transient cause is tried again; doubled each time.
    pub retry_first: Duration,
    /// Longest such time.
    pub retry_longest: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            debounce: Duration::from_millis(50),
            poll: Duration::from_secs(5),
            prepare: Duration::from_secs(10),
            observe: Duration::from_secs(2),
            retry_first: Duration::from_secs(1),
            retry_longest: Duration::from_secs(30),
        }
    }
}
