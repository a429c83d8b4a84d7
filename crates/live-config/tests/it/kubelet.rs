//! The kubelet's writer, step by step, with a stop after any of them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use live_config::{Apply, Contract, Driver, Event, Live, Loaded, Sources, Timing};
use tokio::time::timeout;

use crate::{Settings, write};

/// Steps of one write: folder, files, link beside, rename, links at the top, removal of the old folder.
pub(crate) const STEPS: usize = 6;

/// Writes a volume as `pkg/volume/util/atomic_writer.go` of Kubernetes does.
pub(crate) struct Kubelet {
    directory: PathBuf,
    writes: usize,
}

impl Kubelet {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf(), writes: 0 }
    }

    /// Goes on with another directory.
    pub(crate) fn turn_to(&mut self, directory: &Path) {
        self.directory = directory.to_path_buf();
    }

    /// Writes a whole state, in which both secrets hold its number, and the mode its parity.
    pub(crate) fn write(&mut self, number: usize) {
        self.write_until(number, STEPS);
    }

    /// Ends after so many steps, as a kubelet that dies does; the next write goes on from there.
    pub(crate) fn write_until(&mut self, number: usize, steps: usize) {
        let text = format!("t{number}");
        let files = [
            ("config/MODE", mode_of(number).as_bytes()),
            ("secrets/TOKEN", text.as_bytes()),
            ("secrets/PASSWORD", text.as_bytes()),
        ];
        self.swap(&files, steps);
    }

    /// Writes like a kubelet on a file system without rename over a link: for a moment there is no link.
    pub(crate) fn write_without_rename(&mut self, number: usize) {
        self.write_until(number, 3);
        let (link, data) = (self.directory.join("..data_tmp"), self.directory.join("..data"));
        let (old, new) = (fs::read_link(&data), fs::read_link(&link).unwrap());
        let _ = fs::remove_file(&data);
        symlink(new, &data).unwrap();
        fs::remove_file(&link).unwrap();
        if let Ok(old) = old {
            let _ = fs::remove_dir_all(self.directory.join(old));
        }
    }

    /// Removes the old folder before the new one exists: for a moment the link leads nowhere. The removal is atomic: a reader
    /// could not distinguish a half removed folder, to which the link still leads, from a whole one.
    pub(crate) fn write_removing_first(&mut self, number: usize) {
        let aside = self.directory.join("..removed");
        if let Ok(old) = fs::read_link(self.directory.join("..data")) {
            let _ = fs::rename(self.directory.join(old), &aside);
        }
        self.write(number);
        let _ = fs::remove_dir_all(aside);
    }

    pub(crate) fn swap(&mut self, files: &[(&str, &[u8])], steps: usize) {
        self.writes += 1;
        let folder = format!("..2026_11_24_08_00_00.{:09}", self.writes);
        let old = fs::read_link(self.directory.join("..data")).ok();
        let old = old.filter(|old| old.to_string_lossy().starts_with("..2026"));
        let run = |step: usize, action: &dyn Fn()| {
            if step <= steps {
                action();
            }
        };
        run(1, &|| fs::create_dir_all(self.directory.join(&folder)).unwrap());
        run(2, &|| write(&self.directory.join(&folder), files));
        run(3, &|| {
            let _ = fs::remove_file(self.directory.join("..data_tmp"));
            symlink(&folder, self.directory.join("..data_tmp")).unwrap();
        });
        run(4, &|| fs::rename(self.directory.join("..data_tmp"), self.directory.join("..data")).unwrap());
        run(5, &|| {
            for top in ["config", "secrets"] {
                let _ = symlink(format!("..data/{top}"), self.directory.join(top));
            }
        });
        run(6, &|| {
            if let Some(old) = &old {
                let _ = fs::remove_dir_all(self.directory.join(old));
            }
        });
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
async fn a_thousand_writes_with_stops_are_each_seen_or_folded_and_none_is_torn() {
    const WRITES: usize = 1000;
    let directory = tempfile::tempdir().unwrap();
    let mut kubelet = Kubelet::new(directory.path());
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
    let seen = timeout(Duration::from_secs(20), watcher).await.expect("the last write is in force").unwrap();
    assert!(seen > 20, "only {seen} writes were seen: nothing was tested");
    let settled =
        live.watch_status().wait_for(|status| status.apply == Apply::Converged).await.unwrap().clone();
    assert_eq!(settled.reloads.rolled_back, 0);
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event, Event::RolledBack { .. }));
    }
    driver.abort();
}
