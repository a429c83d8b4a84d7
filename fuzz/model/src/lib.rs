//! Model checks: the connection state of `chassis` and the session limit of `myapp` under every order in which threads may run,
//! as loom explores them.
//!
//! The two files are compiled here a second time, with the primitives of [`sync`] and [`time`] in place of those of `std` and tokio.

#![expect(dead_code, reason = "of the two files, what no check calls is compiled as well")]

extern crate self as tokio;

pub mod connection;
pub mod sessions;
pub mod sync;
pub mod time;

mod semaphore;

// Formatted where they are.
#[rustfmt::skip]
#[path = "../../../apps/myapp/src/database/resizable_semaphore.rs"]
mod limit;
#[rustfmt::skip]
#[path = "../../../crates/chassis/src/server/connection/eviction.rs"]
mod eviction;
#[rustfmt::skip]
#[path = "../../../crates/chassis/src/server/connection/state.rs"]
mod state;
#[rustfmt::skip]
#[path = "../../../crates/chassis/src/server/connection/tracker.rs"]
mod tracker;

#[rustfmt::skip]
#[path = "../../../crates/chassis/src/server/record/reasons.rs"]
mod reasons;

/// Module tree of `chassis`, as far as these files name it.
mod server {
    pub(crate) mod record {
        pub(crate) use crate::reasons;
    }
}

use std::time::Duration;

use limits::LimitArgs;

mod limits {
    use std::time::Duration;

    /// The limits of `chassis` that the connection state knows.
    pub(crate) struct LimitArgs {
        pub(crate) header_time: Duration,
        pub(crate) handler_time: Duration,
        pub(crate) write_stall: Duration,
        pub(crate) idle_time: Duration,
    }
}

const LIMITS: LimitArgs = LimitArgs {
    header_time: Duration::from_secs(10),
    handler_time: Duration::from_secs(15),
    write_stall: Duration::from_secs(30),
    idle_time: Duration::from_secs(75),
};

/// Environment variable that selects the long form; its value is the time in seconds for each check.
const SECONDS: &str = "FUZZ_SECONDS";

/// A thread is interrupted so many times at most in the short form; more make hardly any difference (CHESS, Musuvathi 2008).
const PREEMPTIONS: usize = 2;

/// Runs `scene` in every order of its threads' steps. In the long form threads are interrupted any number of times, for the
/// given time.
fn explore(scene: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    match std::env::var(SECONDS).ok().and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => builder.max_duration = Some(Duration::from_secs(seconds)),
        None => builder.preemption_bound = Some(PREEMPTIONS),
    }
    builder.check(scene);
}
