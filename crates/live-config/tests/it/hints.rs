//! Either way of noticing a change does without the other one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use live_config::{Apply, Contract, Driver, Live, Loaded, Sources, Timing, Watching};
use tokio::time::timeout;

use crate::kubelet::{Kubelet, eager};
use crate::{DEADLINE, Settings, until};

const NEVER: Duration = Duration::from_secs(3600);

fn drive(directory: &Path, timing: Timing) -> (Live<Settings>, Driver<Settings>) {
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().directory(directory);
    let loaded = Loaded::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
    Driver::new(contract, sources, loaded, Vec::new(), timing)
}

async fn follows_changes(live: &Live<Settings>, kubelet: &Kubelet) {
    for number in 1..4 {
        kubelet.write(number);
        let token = format!("t{number}");
        until(live, &format!("change {number}"), |status| {
            live.load().settings.token.expose() == token && status.apply == Apply::Converged
        })
        .await;
    }
}

#[tokio::test]
async fn hints_alone_are_enough() {
    let directory = tempfile::tempdir().unwrap();
    let kubelet = Kubelet::new(directory.path());
    kubelet.write(0);
    let (live, driver) = drive(directory.path(), Timing { poll: NEVER, ..eager() });
    let driver = tokio::spawn(driver.run());
    follows_changes(&live, &kubelet).await;
    assert_eq!(live.status().watching, Watching::Events);
    driver.abort();
}

/// The system allows each user so many watchers. Another user's are used up, so that no other test is disturbed.
#[test]
fn exhausted_watchers_fall_back_to_reported_polling() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let binary = directory.path().join("tests");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let mut command = Command::new(binary);
    command.args(["--ignored", "--exact", "hints::child_without_watchers"]);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    if status.contains("\nUid:\t0\t") {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "uses up the user's watchers: run by the test above"]
async fn child_without_watchers() {
    let directory = tempfile::tempdir().unwrap();
    let kubelet = Kubelet::new(directory.path());
    kubelet.write(0);
    let mut held = Vec::new();
    while let Ok(watcher) = notify::recommended_watcher(|_| {}) {
        held.push(watcher);
        assert!(held.len() < 100_000, "the system has no limit");
    }
    let (live, driver) = drive(directory.path(), eager());
    let driver = tokio::spawn(driver.run());
    let Watching::Polling(reason) = live.status().watching else { panic!("{:?}", live.status()) };
    assert!(!reason.is_empty());
    follows_changes(&live, &kubelet).await;

    // Once there is room again, it is used.
    held.clear();
    kubelet.write(4);
    until(&live, "a watcher again", |status| status.watching == Watching::Events).await;
    driver.abort();
}

/// Time enough for a test to do something between a hint and the look that it causes.
const DELAY: Duration = Duration::from_millis(200);

async fn until_token(live: &Live<Settings>, token: &str) {
    until(live, token, |_| live.load().settings.token.expose() == token).await;
}

#[tokio::test]
async fn recreated_directory_with_same_inode_is_watched() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("mount");
    Kubelet::new(&directory).write(0);
    let (live, driver) = drive(&directory, Timing { poll: NEVER, debounce: DELAY, ..eager() });
    let driver = tokio::spawn(driver.run());
    live.reload().await;
    // Both within the delay: the look sees a directory with, on most file systems, the same number.
    fs::remove_dir_all(&directory).unwrap();
    let kubelet = Kubelet::new(&directory);
    kubelet.write(1);
    until_token(&live, "t1").await;
    kubelet.write(2);
    until_token(&live, "t2").await;
    driver.abort();
}

#[tokio::test]
async fn plain_folders_created_later_are_watched() {
    let directory = tempfile::tempdir().unwrap();
    crate::write(directory.path(), &[("TOKEN", b"t0")]);
    let (live, driver) = drive(directory.path(), Timing { poll: NEVER, ..eager() });
    let driver = tokio::spawn(driver.run());
    live.reload().await;
    fs::create_dir(directory.path().join("secrets")).unwrap();
    fs::rename(directory.path().join("TOKEN"), directory.path().join("secrets/TOKEN")).unwrap();
    live.reload().await;
    crate::write(directory.path(), &[("secrets/TOKEN", b"t1")]);
    until_token(&live, "t1").await;
    driver.abort();
}

#[tokio::test]
async fn relinked_directory_is_watched_at_its_new_target() {
    let home = tempfile::tempdir().unwrap();
    let [first, second, link, fresh] =
        ["first", "second", "link", "fresh"].map(|name| home.path().join(name));
    crate::write(&first, &[("TOKEN", b"t0")]);
    crate::write(&second, &[("TOKEN", b"t1")]);
    std::os::unix::fs::symlink(&first, &link).unwrap();
    let (live, driver) = drive(&link, Timing { poll: NEVER, ..eager() });
    let driver = tokio::spawn(driver.run());
    live.reload().await;
    std::os::unix::fs::symlink(&second, &fresh).unwrap();
    fs::rename(&fresh, &link).unwrap();
    live.reload().await;
    until_token(&live, "t1").await;
    crate::write(&second, &[("TOKEN", b"t2")]);
    until_token(&live, "t2").await;
    driver.abort();
}

#[tokio::test]
async fn flipped_link_is_noticed_by_hints_alone() {
    let home = tempfile::tempdir().unwrap();
    let [first, second, link, fresh] =
        ["first", "second", "link", "fresh"].map(|name| home.path().join(name));
    crate::write(&first, &[("TOKEN", b"t0")]);
    crate::write(&second, &[("TOKEN", b"t1")]);
    std::os::unix::fs::symlink("first", &link).unwrap();
    let (live, driver) = drive(&link, Timing { poll: NEVER, ..eager() });
    let driver = tokio::spawn(driver.run());
    live.reload().await;
    for (target, token) in [("second", "t1"), ("first", "t2")] {
        crate::write(&first, &[("TOKEN", b"t2")]);
        std::os::unix::fs::symlink(target, &fresh).unwrap();
        fs::rename(&fresh, &link).unwrap();
        until_token(&live, token).await;
    }
    crate::write(&first, &[("TOKEN", b"t3")]);
    until_token(&live, "t3").await;
    driver.abort();
}

#[tokio::test]
async fn directory_moved_and_restored_is_noticed_by_hints() {
    let home = tempfile::tempdir().unwrap();
    let [directory, away] = ["mount", "away"].map(|name| home.path().join(name));
    let kubelet = Kubelet::new(&directory);
    kubelet.write(0);
    let (live, driver) = drive(&directory, Timing { poll: NEVER, ..eager() });
    let driver = tokio::spawn(driver.run());
    live.reload().await;
    fs::rename(&directory, &away).unwrap();
    until(&live, "a rejection", |status| matches!(status.apply, Apply::Rejected { .. })).await;
    fs::rename(&away, &directory).unwrap();
    until(&live, "the directory to be back", |status| status.apply == Apply::Converged).await;
    kubelet.write(1);
    until_token(&live, "t1").await;
    assert_eq!(live.status().watching, Watching::Events);
    driver.abort();
}

#[tokio::test]
async fn change_before_driver_start_is_read_without_hint() {
    let directory = tempfile::tempdir().unwrap();
    let kubelet = Kubelet::new(directory.path());
    kubelet.write(0);
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().directory(directory.path());
    let loaded = Loaded::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
    kubelet.write(1);
    let timing = Timing { poll: NEVER, ..eager() };
    let (live, driver) = Driver::<Settings>::new(contract, sources, loaded, Vec::new(), timing);
    let driver = tokio::spawn(driver.run());
    until_token(&live, "t1").await;
    driver.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rapid_changes_are_debounced_into_one_read() {
    let directory = tempfile::tempdir().unwrap();
    let kubelet = Kubelet::new(directory.path());
    kubelet.write(0);
    let (live, driver) = drive(directory.path(), Timing { poll: NEVER, debounce: DELAY, ..eager() });
    let driver = tokio::spawn(driver.run());
    live.reload().await;
    let begun = Instant::now();
    for number in 1..=50 {
        kubelet.write(number);
        std::thread::sleep(Duration::from_millis(1));
    }
    let looks = begun.elapsed().as_millis() / DELAY.as_millis();
    until_token(&live, "t50").await;
    // Each look waits for the delay after its first hint, however long the writes take on a busy machine.
    let generation = live.status().generation;
    assert!(u128::from(generation) <= looks + 3, "{generation} generations of 50 writes");
    driver.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_changes_do_not_postpone_read() {
    let directory = tempfile::tempdir().unwrap();
    let kubelet = Kubelet::new(directory.path());
    kubelet.write(0);
    let timing = Timing { poll: NEVER, debounce: Duration::from_millis(50), ..eager() };
    let (live, driver) = drive(directory.path(), timing);
    let driver = tokio::spawn(driver.run());
    let seen = Arc::new(AtomicBool::new(false));
    let writer = tokio::task::spawn_blocking({
        let seen = Arc::clone(&seen);
        move || {
            let begun = Instant::now();
            let mut number = 0;
            while !seen.load(Ordering::SeqCst) && begun.elapsed() < DEADLINE {
                number += 1;
                kubelet.write(number);
                std::thread::sleep(Duration::from_millis(1));
            }
            begun.elapsed() < DEADLINE
        }
    });
    let mut status = live.watch_status();
    let _ = timeout(DEADLINE, status.wait_for(|status| status.generation > 3)).await;
    seen.store(true, Ordering::SeqCst);
    assert!(writer.await.unwrap(), "nothing was taken while the changes went on: {:?}", live.status());
    driver.abort();
}

/// 50 ms of it are the debounce. The bound is for a loaded machine, and still far below the next poll: hints did it.
#[tokio::test]
async fn change_is_in_force_before_next_poll() {
    let directory = tempfile::tempdir().unwrap();
    let kubelet = Kubelet::new(directory.path());
    kubelet.write(0);
    let (live, driver) = drive(directory.path(), Timing::default());
    let driver = tokio::spawn(driver.run());
    live.reload().await;
    for number in 1..20 {
        let begun = Instant::now();
        kubelet.write(number);
        until_token(&live, &format!("t{number}")).await;
        assert!(begun.elapsed() < Duration::from_secs(2), "{number} took {:?}", begun.elapsed());
    }
    driver.abort();
}
