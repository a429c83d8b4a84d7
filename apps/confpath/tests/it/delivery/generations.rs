//! Generations on disk: whole, the last valid one, and gone when nobody needs them.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, OFlags, RenameFlags, open, openat, renameat_with};
use test_support::wait;

use super::{PATIENCE, SLEEP, Service};

/// Edits of both soaks; more by `CONFPATH_EDITS`.
const EDITS: usize = 500;

/// A file of the generation whose directory is open.
pub(super) fn text(generation: &OwnedFd, name: &str) -> io::Result<String> {
    let file = openat(generation.as_fd(), name, OFlags::RDONLY, Mode::empty())?;
    let mut text = String::new();
    File::from(file).read_to_string(&mut text)?;
    Ok(text)
}

/// The two settings of a generation, of which both are equal in every configuration.
fn pair(directory: &OwnedFd) -> (String, String) {
    (text(directory, "config/ECHO").unwrap(), text(directory, "config/MODE").unwrap())
}

/// Reads generations in a loop, by one descriptor each, or by one resolution of the link.
fn read_until(ended: &AtomicBool, current: &Path, by_descriptor: bool) -> usize {
    let mut seen = 0;
    while !ended.load(Ordering::SeqCst) {
        let path = if by_descriptor { current.to_owned() } else { fs::canonicalize(current).unwrap() };
        let directory = open(&path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let (echo, mode) = pair(&directory);
        assert_eq!(echo, mode);
        let document = if by_descriptor {
            serde_json::from_str::<serde_json::Value>(&text(&directory, "config.json").unwrap()).unwrap()
        } else {
            serde_json::from_slice(&fs::read(path.join("config.json")).unwrap()).unwrap()
        };
        assert_eq!((document["ECHO"].as_str(), document["MODE"].as_str()), (Some(&*mode), Some(&*mode)));
        seen += 1;
    }
    seen
}

/// The values of both settings after an edit; some are refused.
fn values(number: usize) -> [String; 2] {
    let text = number.to_string();
    if number % 5 == 4 { [text, "REFUSED".into()] } else { [text.clone(), text] }
}

/// An edit as the kubelet makes it. Now and then the whole volume is away for a moment.
fn swap(service: &Service, number: usize) {
    if number.is_multiple_of(7) {
        fs::rename(service.path("mount"), service.path("away")).unwrap();
        fs::rename(service.path("away"), service.path("mount")).unwrap();
    }
    let [echo, mode] = values(number);
    service.set(&[("ECHO", &echo), ("MODE", &mode)]);
}

/// An edit by a directory that takes the place of another, in one step or in two.
fn exchange(service: &Service, number: usize) {
    let [mount, beside] = ["mount", "beside"].map(|name| service.path(name));
    let _ = fs::remove_dir_all(&beside);
    for folder in ["config", "secrets"] {
        fs::create_dir_all(beside.join(folder)).unwrap();
    }
    let [echo, mode] = values(number);
    fs::write(beside.join("config/ECHO"), echo).unwrap();
    fs::write(beside.join("config/MODE"), mode).unwrap();
    fs::write(beside.join("secrets/TOKEN"), crate::MARKED).unwrap();
    if number.is_multiple_of(2) {
        renameat_with(CWD, &beside, CWD, &mount, RenameFlags::EXCHANGE).unwrap();
    } else {
        let away = service.path("away");
        fs::rename(&mount, &away).unwrap();
        fs::rename(&beside, &mount).unwrap();
        fs::remove_dir_all(&away).unwrap();
    }
}

fn soak(service: &Service, edit: fn(&Service, usize)) {
    let edits = std::env::var("CONFPATH_EDITS").ok().and_then(|edits| edits.parse().ok()).unwrap_or(EDITS);
    let agent = service.start(SLEEP);
    let ended = Arc::new(AtomicBool::new(false));
    let current = service.path("out/current");
    let readers = [true, false].map(|by_descriptor| {
        let (ended, current) = (Arc::clone(&ended), current.clone());
        thread::spawn(move || read_until(&ended, &current, by_descriptor))
    });
    for number in 2..=edits / 2 {
        edit(service, number);
        if number.is_multiple_of(10) {
            // Else none might come into force.
            service.until_current("config/MODE", &number.to_string());
        }
    }
    ended.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.join().unwrap() > 0);
    }
    assert!(agent.digests()["generation"].as_u64().unwrap() as usize > edits / 20);
}

#[test]
fn swapped_volumes_give_whole_valid_generations_only() {
    let service = Service::new("--keep 2s");
    swap(&service, 1);
    soak(&service, swap);
}

#[test]
fn moved_directories_give_whole_valid_generations_only() {
    let service = Service::new("--keep 2s");
    exchange(&service, 1);
    soak(&service, exchange);
}

#[test]
fn last_valid_generation_wins_within_a_second() {
    let service = Service::new("");
    let _agent = service.start(SLEEP);
    for number in 0..40 {
        service.set(&[("MODE", &number.to_string())]);
    }
    let begun = Instant::now();
    service.until_current("config/MODE", "39");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn refused_change_leaves_the_former_one() {
    let service = Service::new("");
    let agent = service.start(SLEEP);
    let digest = service.current("digest").unwrap();
    service.set(&[("MODE", "REFUSED")]);
    let digests = agent.until_state("rejected");
    assert!(digests["reasons"][0].as_str().unwrap().starts_with("MODE: "), "{digests}");
    assert_eq!(service.current("digest").unwrap(), digest);
    agent.until_logged("configuration rejected");
    service.set(&[]);
    agent.until_state("delivered");
    agent.until_logged("reverted at the source");
    assert_eq!(service.current("digest").unwrap(), digest);
}

#[test]
fn former_generation_stays_for_its_grace() {
    let service = Service::new("--keep 1s");
    let _agent = service.start(SLEEP);
    let former = service.path("out/current").canonicalize().unwrap();
    service.set(&[("MODE", "b")]);
    service.until_current("config/MODE", "b");
    let swapped = Instant::now();
    assert_eq!(fs::read_to_string(former.join("config/MODE")).unwrap(), "a");
    wait::until_true(PATIENCE, "the removal", || !former.exists());
    assert!(swapped.elapsed() > Duration::from_millis(800), "{:?}", swapped.elapsed());
    assert_eq!(generations(&service).len(), 1);
}

#[test]
fn leftovers_of_a_killed_agent_are_removed() {
    let service = Service::new("--keep 1s");
    let mut agent = service.start(SLEEP);
    service.set(&[("MODE", "b")]);
    service.until_current("config/MODE", "b");
    agent.process.kill().unwrap();
    agent.process.wait().unwrap();
    fs::write(service.path("out/ack"), "stale").unwrap();
    fs::create_dir(service.path("out/generations/9-torn")).unwrap();
    let former = generations(&service);
    assert!(former.len() >= 2, "{former:?}");

    let _agent = service.start(SLEEP);
    let remaining = || generations(&service);
    wait::until(PATIENCE, "one generation of the new agent", remaining, |left| {
        left.len() == 1 && !former.contains(&left[0])
    });
    assert!(!service.path("out/ack").exists());
}

#[test]
fn two_agents_do_not_share_a_directory() {
    let service = Service::new("");
    let _agent = service.start(SLEEP);
    let output = service.command(SLEEP).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8(output.stderr).unwrap().contains("another confpath run"));
}

pub(super) fn generations(service: &Service) -> Vec<PathBuf> {
    let entries = fs::read_dir(service.path("out/generations")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}
