//! Runs properties over sequences of edits, each on a runtime, and stores the seeds of failures.

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

/// The number of cases: `ordinary`, unless the environment sets another one.
pub(crate) fn cases(ordinary: u32) -> u32 {
    std::env::var("PROPTEST_CASES").map_or(ordinary, |cases| cases.parse().unwrap())
}

/// Follows `cases` sequences of `edits`; seeds are stored beside `source_file`.
pub(crate) fn follow_all<S: Strategy, F: Future<Output = ()> + Send + 'static>(
    source_file: &'static str,
    cases: u32,
    edits: &S,
    follow: impl Fn(S::Value) -> F,
) {
    let config = Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        max_shrink_iters: 100,
        max_shrink_time: 60_000,
        source_file: Some(source_file),
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let followed = TestRunner::new(config).run(edits, |edits| {
        let shown = format!("{edits:?}");
        let ended = runtime.block_on(async { tokio::spawn(follow(edits)).await });
        prop_assert!(ended.is_ok(), "{shown}");
        Ok(())
    });
    if let Err(failure) = followed {
        panic!("{failure}");
    }
}
