//! Random edits against a model: what runs was always whole and valid on disk at one moment, and the last valid state wins.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use live_config::{Apply, Contract, Driver, Loaded, Sources};
use proptest::prelude::*;
use tokio::time::{sleep, timeout};

use crate::kubelet::{Kubelet, STEPS, eager, running};
use crate::{Settings, sequences};

/// The nightly run asks for 10 000 with PROPTEST_CASES.
const CASES: u32 = 500;
/// Sequences run side by side, so that most of the time one of them waits for its watcher.
const THREADS: u32 = 4;
/// The edits have stopped: by then the outcome must be there. Generous, for a machine under load.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
enum Edit {
    /// A whole write of a new state.
    Valid,
    /// Several of them without a pause.
    Burst(u8),
    /// A write that dies after so many steps.
    Stopped(usize),
    /// A state with a value that the contract refuses.
    Invalid,
    /// A state without a required key.
    Missing,
    /// A folder where a file should be.
    FolderForFile,
    /// The link leads nowhere, to a file, to itself, or is gone.
    Link(LinkGame),
    /// The directory is moved away.
    Away,
    /// And back, if it was.
    Back,
    Pause(u8),
}

#[derive(Clone, Copy, Debug)]
enum LinkGame {
    Nowhere,
    ToFile,
    ToItself,
    Gone,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let games = prop_oneof![
        Just(LinkGame::Nowhere),
        Just(LinkGame::ToFile),
        Just(LinkGame::ToItself),
        Just(LinkGame::Gone)
    ];
    let edit = prop_oneof![
        6 => Just(Edit::Valid),
        2 => (2..30u8).prop_map(Edit::Burst),
        2 => (0..=STEPS).prop_map(Edit::Stopped),
        2 => Just(Edit::Invalid),
        1 => Just(Edit::Missing),
        1 => Just(Edit::FolderForFile),
        2 => games.prop_map(Edit::Link),
        1 => Just(Edit::Away),
        2 => Just(Edit::Back),
        4 => (0..6u8).prop_map(Edit::Pause),
    ];
    proptest::collection::vec(edit, 1..14)
}

/// The disk, and what the model knows of it.
struct Model {
    home: PathBuf,
    away: PathBuf,
    kubelet: Kubelet,
    next: usize,
    /// Numbers of all states that have been whole and valid, noted before they can be seen.
    valid: Arc<Mutex<BTreeSet<usize>>>,
    /// What a look would find now.
    on_disk: Option<usize>,
    is_away: bool,
}

impl Model {
    fn new(root: &Path) -> Self {
        let home = root.join("mount");
        fs::create_dir(&home).unwrap();
        let mut model = Self {
            kubelet: Kubelet::new(&home),
            home,
            away: root.join("away"),
            next: 0,
            valid: Arc::default(),
            on_disk: None,
            is_away: false,
        };
        model.write(STEPS);
        model
    }

    fn write(&mut self, steps: usize) {
        let number = self.next;
        self.next += 1;
        self.valid.lock().unwrap().insert(number);
        self.kubelet.write_until(number, steps);
        if steps >= 4 {
            self.on_disk = Some(number);
        }
    }

    fn write_refused(&mut self, files: &[(&str, &[u8])]) {
        self.kubelet.swap(files, STEPS);
        self.on_disk = None;
    }

    fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::Back if self.is_away => {
                fs::rename(&self.away, &self.home).unwrap();
                self.is_away = false;
            }
            Edit::Pause(milliseconds) => std::thread::sleep(Duration::from_millis((*milliseconds).into())),
            // Nobody writes into a directory that is not there.
            _ if self.is_away => {}
            Edit::Back => {}
            Edit::Away => {
                fs::rename(&self.home, &self.away).unwrap();
                self.is_away = true;
            }
            Edit::Valid => self.write(STEPS),
            Edit::Burst(count) => (0..*count).for_each(|_| self.write(STEPS)),
            Edit::Stopped(steps) => self.write(*steps),
            Edit::Invalid => self.write_refused(&[("config/MODE", b"shrill"), ("secrets/TOKEN", b"t0")]),
            Edit::Missing => self.write_refused(&[("config/MODE", b"quiet")]),
            Edit::FolderForFile => self.write_refused(&[("secrets/TOKEN/file", b"t0")]),
            Edit::Link(game) => self.play(*game),
        }
    }

    fn play(&mut self, game: LinkGame) {
        let data = self.home.join("..data");
        let old = fs::read_link(&data).ok().filter(|old| old.to_string_lossy().starts_with("..2026"));
        let _ = fs::remove_file(&data);
        match game {
            LinkGame::Nowhere => symlink("nowhere", &data).unwrap(),
            LinkGame::ToFile => {
                fs::write(self.home.join("..file"), "x").unwrap();
                symlink("..file", &data).unwrap();
            }
            LinkGame::ToItself => symlink("..data", &data).unwrap(),
            LinkGame::Gone => {}
        }
        if let Some(old) = old {
            let _ = fs::remove_dir_all(self.home.join(old));
        }
        self.on_disk = None;
    }
}

async fn follow(edits: Vec<Edit>) {
    let root = tempfile::tempdir().unwrap();
    let mut model = Model::new(root.path());
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().directory(&model.home);
    let loaded: Loaded<Settings> = Loaded::read(&contract, &sources).unwrap_or_else(|p| panic!("{p}"));
    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), eager());
    let driver = tokio::spawn(driver.run());

    let done = Arc::new(AtomicBool::new(false));
    let sampler = tokio::spawn({
        let (live, done, valid) = (live.clone(), Arc::clone(&done), Arc::clone(&model.valid));
        async move {
            while !done.load(Ordering::Relaxed) {
                let number = running(&live);
                assert!(valid.lock().unwrap().contains(&number), "{number} was never whole on disk");
                sleep(Duration::from_micros(200)).await;
            }
        }
    });
    let model = tokio::task::spawn_blocking(move || {
        edits.iter().for_each(|edit| model.edit(edit));
        model
    });
    let model = model.await.unwrap();

    let expected = model.on_disk.filter(|_| !model.is_away);
    let mut status = live.watch_status();
    let outcome = status.wait_for(|status| match expected {
        Some(number) => running(&live) == number && status.apply == Apply::Converged,
        None => matches!(status.apply, Apply::Rejected { .. }),
    });
    let settled = timeout(SETTLED_WITHIN, outcome).await.is_ok();
    done.store(true, Ordering::Relaxed);
    sampler.await.unwrap();
    assert!(settled, "expected {expected:?}, runs {}, {:?}", running(&live), live.status().apply);
    driver.abort();
}

#[test]
fn whatever_is_done_to_the_directory_what_runs_was_whole_and_the_last_valid_state_wins() {
    let cases = sequences::cases(CASES).div_ceil(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| sequences::follow_all(file!(), cases, &edits(), follow));
        }
    });
}
