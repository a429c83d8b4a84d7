//! The kubelet's writer with a stop after any of its steps, and writers on other file systems.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use live_config::{Apply, Contract, Driver, Event, Live, Loaded, Sources, Timing};
use test_support::kubelet_volume::{DATA, FRESH_DATA, KubeletVolume, RENAME, STEPS, payload};
use tokio::time::timeout;

use crate::{DEADLINE, Settings};

/// Writes states by number.
pub(crate) struct Kubelet(KubeletVolume);

impl Kubelet {
    pub(crate) fn new(directory: &Path) -> Self {
        Self(KubeletVolume::new(directory))
    }

    /// Writes a whole state, in which both secrets hold its number, and the mode its parity.
    pub(crate) fn write(&self, number: usize) {
        self.write_until(number, STEPS);
    }

    /// Ends after so many steps, as a kubelet that dies does; the next write goes on from there.
    pub(crate) fn write_until(&self, number: usize, steps: usize) {
        let text = format!("t{number}");
        let text = text.as_str();
        let files = [("config/MODE", mode_of(number)), ("secrets/TOKEN", text), ("secrets/PASSWORD", text)];
        self.0.write_until(&files, steps).unwrap();
    }

    /// Writes like a kubelet on a file system without rename over a link: for a moment there is no link.
    pub(crate) fn write_without_rename(&self, number: usize) {
        self.write_until(number, RENAME - 1);
        let (link, data) = (self.0.path().join(FRESH_DATA), self.0.path().join(DATA));
        let (old, new) = (payload(self.0.path()), fs::read_link(&link).unwrap());
        let _ = fs::remove_file(&data);
        symlink(new, &data).unwrap();
        fs::remove_file(&link).unwrap();
        if let Some(old) = old {
            let _ = fs::remove_dir_all(old);
        }
    }

    /// Removes the old folder before the new one exists: for a moment the link leads nowhere. The removal is atomic: a reader
    /// could not distinguish a half removed folder, to which the link still leads, from a whole one.
    pub(crate) fn write_removing_first(&self, number: usize) {
        let aside = self.0.path().join("..removed");
        if let Some(old) = payload(self.0.path()) {
            let _ = fs::rename(old, &aside);
        }
        self.write(number);
        let _ = fs::remove_dir_all(aside);
    }
}

fn mode_of(number: usize) -> &'static str {
    if number.is_multiple_of(2) { "quiet" } else { "loud" }
}

/// The number of the state in force, which all of its values must agree on.
pub(crate) fn running(live: &Live<Settings>) -> usize {
    let snapshot = live.snapshot();
    let (token, password) = (snapshot.settings.token.expose(), snapshot.settings.password.expose());
    assert_eq!(token, password, "a mix of two states");
    let number = token[1..].parse().unwrap();
    assert_eq!(snapshot.settings.mode, mode_of(number), "a mix of two states");
    number
}

/// Looks at once at every hint, so that as many reads as possible fall into writes.
pub(crate) fn eager() -> Timing {
    Timing {
        debounce: Duration::ZERO,
        poll: Duration::from_millis(50),
        observe: Duration::ZERO,
        ..Timing::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousand_kubelet_writes_give_no_torn_read() {
    const WRITES: usize = 1000;
    let directory = tempfile::tempdir().unwrap();
    let kubelet = Kubelet::new(directory.path());
    kubelet.write(0);
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().directory(directory.path());
    let loaded: Loaded<Settings> = Loaded::read(&contract, &sources).unwrap_or_else(|p| panic!("{p}"));
    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), eager());
    let mut events = live.events();
    let driver = tokio::spawn(driver.run());

    let watcher = tokio::spawn({
        let live = live.clone();
        async move {
            let (mut last, mut seen) = (0, 0);
            while last < WRITES {
                let number = running(&live);
                assert!(number >= last, "{number} came after {last}");
                seen += usize::from(number > last);
                last = number;
                tokio::task::yield_now().await;
            }
            seen
        }
    });
    // Looks without a pause, so that many of them fall into a write.
    let asker = tokio::spawn({
        let live = live.clone();
        async move { while live.reload().await.is_some() {} }
    });
    let writer = tokio::task::spawn_blocking(move || {
        for number in 1..=WRITES {
            // Every third write dies, at each step in turn; the last one does not.
            let steps = if number % 3 == 0 && number < WRITES { number / 3 % STEPS } else { STEPS };
            match number % 7 {
                0 => kubelet.write_without_rename(number),
                1 => kubelet.write_removing_first(number),
                _ => kubelet.write_until(number, steps),
            }
            if number % 10 == 0 {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    });
    writer.await.unwrap();
    asker.abort();
    let seen = timeout(DEADLINE, watcher).await.expect("the last write is in force").unwrap();
    assert!(seen > 20, "only {seen} writes were seen: nothing was tested");
    let settled =
        live.watch_status().wait_for(|status| status.apply == Apply::Converged).await.unwrap().clone();
    assert_eq!(settled.reloads.rolled_back, 0);
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event, Event::RolledBack { .. }));
    }
    driver.abort();
}
