//! Random edits of a plain directory, as on a developer's machine.
//!
//! Two files there never change together, and a file written in place is seen half written. The promise is therefore weaker
//! than for a volume: each value in force was whole in its own file at one moment, as far as its pattern can detect; the valid
//! values after the last edit come into force, regardless of the files' times.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use live_config::{Apply, Contract, Driver, Loaded, Sources};
use proptest::prelude::*;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use tokio::time::timeout;

use crate::kubelet::eager;
use crate::sequences;

/// The nightly run sets more by PROPTEST_CASES.
const CASES: u32 = 200;
const SETTLED_WITHIN: Duration = Duration::from_secs(10);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Pair {
    #[schemars(schema_with = "number")]
    first: String,
    #[schemars(schema_with = "number")]
    second: String,
}

fn number(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 6, "pattern": "^(?:[0-9]{6})$",
        "x-on-change": "hot", "x-expected": "six digits" })
}

#[derive(Clone, Copy, Debug)]
enum Edit {
    /// A new file renamed over the old one.
    Replace(Which),
    /// Cut to nothing and written in two halves, with a pause.
    InPlace(Which, u8),
    Delete(Which),
    /// A folder where the file should be.
    Folder(Which),
    /// Removes the read permission; root can read the file nevertheless.
    Forbid(Which),
    /// Written at a time far from now.
    Clock(Which, bool),
    /// The whole directory is removed and created again.
    Anew,
    /// The whole directory is removed.
    Gone,
    Pause(u8),
}

#[derive(Clone, Copy, Debug)]
enum Which {
    First,
    Second,
}

impl Which {
    fn below(self, directory: &Path) -> PathBuf {
        directory.join(match self {
            Self::First => "config/FIRST",
            Self::Second => "config/SECOND",
        })
    }
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let which = || prop_oneof![Just(Which::First), Just(Which::Second)];
    let edit = prop_oneof![
        6 => which().prop_map(Edit::Replace),
        4 => (which(), 0..4u8).prop_map(|(which, pause)| Edit::InPlace(which, pause)),
        1 => which().prop_map(Edit::Delete),
        1 => which().prop_map(Edit::Folder),
        1 => which().prop_map(Edit::Forbid),
        2 => (which(), any::<bool>()).prop_map(|(which, past)| Edit::Clock(which, past)),
        2 => Just(Edit::Anew),
        1 => Just(Edit::Gone),
        4 => (0..6u8).prop_map(Edit::Pause),
    ];
    proptest::collection::vec(edit, 1..14)
}

struct Disk {
    directory: PathBuf,
    next: u32,
    /// Every value ever written whole, noted before it can be seen.
    whole: Arc<Mutex<BTreeSet<String>>>,
}

impl Disk {
    fn value(&mut self) -> String {
        self.next += 1;
        let value = format!("{:06}", self.next);
        self.whole.lock().unwrap().insert(value.clone());
        value
    }

    fn replace(&mut self, which: Which) -> PathBuf {
        let (path, beside) = (which.below(&self.directory), self.directory.join("fresh"));
        fs::create_dir_all(self.directory.join("config")).unwrap();
        fs::write(&beside, self.value()).unwrap();
        if path.is_dir() {
            fs::remove_dir(&path).unwrap();
        }
        fs::rename(beside, &path).unwrap();
        path
    }

    fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::Replace(which) => drop(self.replace(which)),
            Edit::InPlace(which, pause) => {
                let path = self.replace(which);
                let value = self.value();
                let mut file = File::options().write(true).open(path).unwrap();
                file.set_len(0).unwrap();
                file.write_all(&value.as_bytes()[..3]).unwrap();
                std::thread::sleep(Duration::from_millis(pause.into()));
                file.rewind().unwrap();
                file.write_all(value.as_bytes()).unwrap();
            }
            Edit::Delete(which) => drop(fs::remove_file(which.below(&self.directory))),
            Edit::Folder(which) => {
                let path = which.below(&self.directory);
                let _ = fs::remove_file(&path);
                let _ = fs::create_dir_all(path);
            }
            Edit::Forbid(which) => {
                let _ = fs::set_permissions(which.below(&self.directory), PermissionsExt::from_mode(0o000));
            }
            Edit::Clock(which, past) => {
                let path = self.replace(which);
                let century = Duration::from_secs(3_000_000_000);
                let time = if past { SystemTime::UNIX_EPOCH } else { SystemTime::now() + century };
                File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
            }
            Edit::Anew => {
                let _ = fs::remove_dir_all(&self.directory);
                self.replace(Which::First);
                self.replace(Which::Second);
            }
            Edit::Gone => drop(fs::remove_dir_all(&self.directory)),
            Edit::Pause(milliseconds) => std::thread::sleep(Duration::from_millis(milliseconds.into())),
        }
    }

    /// Values that a plain reader finds now; `None` if the contract would refuse them.
    fn now(&self) -> Option<(String, String)> {
        let value = |which: Which| fs::read_to_string(which.below(&self.directory)).ok();
        Some((value(Which::First)?, value(Which::Second)?))
    }
}

async fn follow(edits: Vec<Edit>) {
    let root = tempfile::tempdir().unwrap();
    let mut disk = Disk { directory: root.path().join("plain"), next: 0, whole: Arc::default() };
    disk.edit(Edit::Anew);
    let contract = Contract::of::<Pair>().unwrap();
    let sources = Sources::default().directory(&disk.directory);
    let loaded: Loaded<Pair> = Loaded::read(&contract, &sources).unwrap_or_else(|p| panic!("{p}"));
    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), eager());
    let driver = tokio::spawn(driver.run());
    let sampler = tokio::spawn({
        let (live, whole) = (live.clone(), Arc::clone(&disk.whole));
        async move {
            loop {
                let snapshot = live.snapshot();
                for value in [&snapshot.settings.first, &snapshot.settings.second] {
                    assert!(whole.lock().unwrap().contains(value), "{value} was never written whole");
                }
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        }
    });
    let disk = tokio::task::spawn_blocking(move || {
        let mut disk = disk;
        edits.iter().for_each(|edit| disk.edit(*edit));
        disk
    });
    let expected = disk.await.unwrap().now();
    let mut status = live.watch_status();
    let outcome = status.wait_for(|status| match &expected {
        Some((first, second)) => {
            let settings = &live.load().settings;
            (&settings.first, &settings.second) == (first, second) && status.apply == Apply::Converged
        }
        None => matches!(status.apply, Apply::Rejected { .. }),
    });
    let settled = timeout(SETTLED_WITHIN, outcome).await.is_ok();
    assert!(settled, "expected {expected:?}, {:?}", live.status());
    assert!(!sampler.is_finished(), "the sampler saw what it should not");
    sampler.abort();
    driver.abort();
}

#[test]
fn plain_files_apply_whole_values_last_valid_wins() {
    sequences::follow_all(file!(), sequences::cases(CASES), &edits(), follow);
}
