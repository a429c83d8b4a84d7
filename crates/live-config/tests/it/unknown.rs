//! Files whose names are no settings: reported with each change, and no change themselves.

use std::fs;
use std::path::Path;
use std::time::Duration;

use live_config::{Apply, Contract, Driver, Event, Live, Loaded, Sources, Timing, Unknown};
use tempfile::tempdir;
use tokio::sync::broadcast::Receiver;

use crate::kubelet::{Kubelet, eager};
use crate::{Settings, mount, read, write};

/// Starts a driver that looks on request and at hints.
fn drive(directory: &Path) -> (Live<Settings>, Receiver<Event<Settings>>) {
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().directory(directory);
    let loaded = Loaded::read(&contract, &sources).unwrap_or_else(|problems| panic!("{problems}"));
    let never = Duration::from_secs(3600);
    let timing = Timing { poll: never, ..eager() };
    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), timing);
    let events = live.events();
    tokio::spawn(driver.run());
    (live, events)
}

/// Events reported since the last call.
fn reported(events: &mut Receiver<Event<Settings>>) -> Vec<Event<Settings>> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}

fn names(event: &Event<Settings>) -> Vec<(&str, Option<&str>)> {
    let Event::Unknown(files) = event else { panic!("{event:?}") };
    files.iter().map(|file| (file.name.as_str(), file.suggestion.as_deref())).collect()
}

#[tokio::test]
async fn unknown_file_is_reported_and_changes_nothing() {
    let directory = tempdir().unwrap();
    Kubelet::new(directory.path()).write(0);
    let (live, mut events) = drive(directory.path());
    assert_eq!(live.reload().await, Some(Apply::Converged));
    assert!(reported(&mut events).is_empty());
    let mounted = live.snapshot().sums.mounted.clone();

    write(&directory.path().join("..data"), &[("config/MODEE", b"loud")]);
    for times in [1, 0] {
        assert_eq!(live.reload().await, Some(Apply::Converged));
        let events = reported(&mut events);
        assert_eq!(events.len(), times, "{events:?}");
        events.iter().for_each(|event| assert_eq!(names(event), [("MODEE", Some("MODE"))]));
    }
    let status = live.status();
    assert_eq!((status.generation, status.reloads.committed), (1, 0));
    assert_eq!(live.snapshot().unknown.len(), 1);
    // The mounted files no longer match the release, and the sums differ accordingly.
    assert_ne!(live.snapshot().sums.mounted, mounted);
    assert_eq!(live.snapshot().sums, status.found);

    fs::remove_file(directory.path().join("..data/config/MODEE")).unwrap();
    live.reload().await;
    assert!(reported(&mut events).is_empty());
    assert_eq!((live.status().generation, live.snapshot().sums.mounted.clone()), (1, mounted));
}

#[tokio::test]
async fn unknown_file_is_reported_with_every_reload() {
    let directory = tempdir().unwrap();
    let state = |mode: &'static [u8]| [("config/MODE", mode), ("config/TOKN", b"x"), ("secrets/TOKEN", b"t")];
    mount(directory.path(), &state(b"loud"));
    let (live, mut events) = drive(directory.path());
    live.reload().await;
    let first = reported(&mut events);
    assert_eq!(first.iter().map(names).collect::<Vec<_>>(), [[("TOKN", Some("TOKEN"))]]);
    for (mode, outcome) in [(&b"quiet"[..], "converged"), (b"shrill", "rejected")] {
        mount(directory.path(), &state(mode));
        assert_eq!(live.reload().await.unwrap().as_str(), outcome);
        let events = reported(&mut events);
        assert_eq!(names(&events[0]), [("TOKN", Some("TOKEN"))]);
        assert_eq!(events.len(), 2, "{events:?}");
    }
}

#[test]
fn unknown_name_is_printable_and_short() {
    let directory = tempdir().unwrap();
    let long = "x".repeat(255);
    write(directory.path(), &[("TOKEN", b"t"), ("\u{1b}[2J\nMODE: ok", b"x"), (&long, b"x"), ("PORT", b"1")]);
    let loaded = read(&Sources::default().directory(directory.path())).unwrap_or_else(|p| panic!("{p}"));
    let shown: Vec<String> = loaded.unknown.iter().map(Unknown::to_string).collect();
    let in_directory = |name: &str| directory.path().join(name).display().to_string();
    let cut = "x".repeat(64) + "…";
    let expected = [in_directory("\\u{1b}[2J\\nMODE: ok"), in_directory("PORT"), in_directory(&cut)];
    assert_eq!(shown, expected);
}
