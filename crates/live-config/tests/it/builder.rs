//! The builder, and what `x-on-change` decides.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use live_config::{Apply, Refusal, Slot, Snapshot, StartError, State, Swap, Timing};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::until;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Settings {
    #[serde(default)]
    greeting: String,
    #[schemars(extend("x-on-change" = "prepare"))]
    upstream: String,
    #[serde(default)]
    #[schemars(extend("x-on-change" = "restart"))]
    threads: u8,
}

fn timing() -> Timing {
    Timing { debounce: Duration::from_millis(1), poll: Duration::from_millis(20), ..Timing::default() }
}

fn write(directory: &Path, key: &str, text: &str) {
    fs::write(directory.join(key), text).unwrap();
}

#[tokio::test]
async fn a_swapped_value_follows_its_setting() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "UPSTREAM", "a");
    let (builds, client) = (Arc::new(AtomicUsize::new(0)), Slot::new("client of a".to_owned()));
    let counted = Arc::clone(&builds);
    let connect = move |next: Arc<Snapshot<Settings>>| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            match next.settings.upstream.as_str() {
                "away" => Err(Refusal::permanent("is away").about("UPSTREAM")),
                upstream => Ok(format!("client of {upstream}")),
            }
        }
    };
    let builder = live_config::builder::<Settings>().directory(directory.path()).timing(timing());
    let (live, driver) = builder.on_change(Swap::new("upstream", &client, connect)).start().unwrap();
    let driver = tokio::spawn(driver.run());

    write(directory.path(), "GREETING", "hello");
    until(&live, "generation 2", |status| status.generation == 2).await;
    assert_eq!(builds.load(Ordering::SeqCst), 0, "a hot change prepares nothing");

    write(directory.path(), "UPSTREAM", "b");
    until(&live, "generation 3", |status| status.generation == 3).await;
    assert_eq!(*client.load(), "client of b");

    write(directory.path(), "UPSTREAM", "away");
    until(&live, "a rejection", |status| matches!(status.apply, Apply::Rejected { .. })).await;
    assert_eq!(live.status().apply.reasons()[0].to_string(), "upstream: UPSTREAM: is away");
    assert_eq!(*client.load(), "client of b");
    driver.abort();
}

#[tokio::test]
async fn change_that_needs_restart_is_pending_until_reverted() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "UPSTREAM", "a");
    let builder = live_config::builder::<Settings>().directory(directory.path()).timing(timing());
    let (live, driver) = builder.start().unwrap();
    let driver = tokio::spawn(driver.run());
    write(directory.path(), "THREADS", "4");
    let pending = until(&live, "a change that waits", |status| status.state() == State::Pending).await;
    assert_eq!(pending.apply.reasons()[0].to_string(), "THREADS: a change needs a restart");
    assert!(!pending.apply.retrying());
    assert_eq!(live.snapshot().settings.threads, 0);

    write(directory.path(), "THREADS", "0");
    let restored = until(&live, "the revert", |status| status.apply == Apply::Converged).await;
    assert_eq!((restored.generation, restored.reloads.pending), (1, 1));
    driver.abort();
}

#[tokio::test]
async fn hooks_see_each_commit_in_order() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "UPSTREAM", "a");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    let (live, driver) = live_config::builder::<Settings>()
        .directory(directory.path())
        .timing(timing())
        .on_commit(|_| panic!("a hook that panics changes nothing"))
        .on_commit(move |snapshot| heard.lock().unwrap().push(snapshot.settings.greeting.clone()))
        .start()
        .unwrap();
    let driver = tokio::spawn(driver.run());
    for (number, greeting) in (2..).zip(["one", "two"]) {
        write(directory.path(), "GREETING", greeting);
        until(&live, "the next generation", |status| status.generation == number).await;
    }
    assert_eq!(*seen.lock().unwrap(), ["one", "two"]);
    driver.abort();
}

#[test]
fn a_start_names_every_problem() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct Nested {
        inner: std::collections::BTreeMap<String, String>,
        nothing: (),
    }
    let Err(StartError::Contract(error)) = live_config::builder::<Nested>().start() else {
        panic!("no contract error")
    };
    assert_eq!(error.0.len(), 2, "{error}");
    let missing = live_config::builder::<Settings>().variables([("THREADS", "many")]).start();
    let Err(StartError::Problems(problems)) = missing else { panic!("no problems") };
    let subjects: Vec<_> = problems.0.iter().map(|problem| problem.subject.as_str()).collect();
    assert_eq!(subjects, ["THREADS", "UPSTREAM"]);
}
