//! Either way of noticing a change does without the other one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use live_config::{Apply, Contract, Driver, Live, Loaded, Sources, Timing, Watching};
use tokio::time::timeout;

use crate::Settings;
use crate::kubelet::{Kubelet, eager};

const NEVER: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(10);

fn drive(directory: &Path, timing: Timing) -> (Live<Settings>, Driver<Settings>) {
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().directory(directory);
    let loaded = Loaded::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
    Driver::new(contract, sources, loaded, Vec::new(), timing)
}

async fn follows_changes(live: &Live<Settings>, kubelet: &mut Kubelet) {
    for number in 1..4 {
        kubelet.write(number);
        let token = format!("t{number}");
        let mut status = live.watch_status();
        let in_force = status.wait_for(|status| {
            live.load().settings.token.expose() == token && status.apply == Apply::Converged
        });
        let noticed = timeout(PATIENCE, in_force).await.is_ok();
        assert!(noticed, "change {number} was not noticed: {:?}", live.status());
    }
}

#[tokio::test]
async fn hints_alone_are_enough() {
    let directory = tempfile::tempdir().unwrap();
    let mut kubelet = Kubelet::new(directory.path());
    kubelet.write(0);
    let (live, driver) = drive(directory.path(), Timing { poll: NEVER, ..eager() });
    let driver = tokio::spawn(driver.run());
    follows_changes(&live, &mut kubelet).await;
    assert_eq!(live.status().watching, Watching::Events);
    driver.abort();
}

/// The system allows each user so many watchers. Another user's are used up, so that no other test is disturbed.
#[test]
fn where_the_system_has_no_watcher_left_it_polls_and_says_so() {
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
    let mut kubelet = Kubelet::new(directory.path());
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
    follows_changes(&live, &mut kubelet).await;

    // Once there is room again, it is used.
    held.clear();
    kubelet.write(4);
    let mut status = live.watch_status();
    let events = status.wait_for(|status| status.watching == Watching::Events);
    assert!(timeout(PATIENCE, events).await.is_ok(), "{:?}", live.status());
    driver.abort();
}
