//! The mounted directory, edited at random, and what it holds then.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use test_support::kubelet_volume::{KubeletVolume, RENAME, STEPS};

use super::language::{Language, Texts};

const MAX_EDITS: u8 = 5;
/// The secrets of all samples.
const SECRETS: [&str; 3] = ["API_KEY", "DB_PASSWORD", "SECRET_KEY"];

#[derive(Clone, Copy, Debug)]
pub(super) enum Edit {
    /// A whole write of the next configuration.
    Valid,
    /// Several of them without a pause.
    Burst(u8),
    /// A write that dies after so many steps.
    Died(usize),
    /// A value that the contract refuses.
    Refused,
    /// A write without the secret.
    Missing,
    /// Another directory, with the next configuration, in the place of this one.
    Exchange,
    /// The directory is away for a moment.
    Trip,
    /// So many milliseconds.
    Pause(u8),
}

pub(super) struct Disk {
    pub(super) mount: PathBuf,
    random: Rng,
    texts: fn(u64) -> Texts,
    fixed: Texts,
    refused: (&'static str, &'static str),
    /// The number that was given last.
    number: u64,
    /// The number of the configuration that lies there, and whether it is valid.
    content: (u64, bool),
}

impl Disk {
    pub(super) fn new(mount: &Path, language: &Language, calls: SocketAddr, random: Rng) -> Self {
        let mut disk = Self {
            mount: mount.to_owned(),
            random,
            texts: language.texts,
            fixed: (language.fixed)(calls),
            refused: language.refused,
            number: 0,
            content: (0, false),
        };
        disk.apply(Edit::Valid);
        disk
    }

    /// The number of the configuration that lies there.
    pub(super) fn content(&self) -> u64 {
        self.content.0
    }

    /// The same if the contract takes it.
    pub(super) fn valid(&self) -> Option<u64> {
        self.content.1.then_some(self.content.0)
    }

    /// Edits at random, and returns what was done.
    pub(super) fn edit(&mut self) -> Vec<Edit> {
        let edits: Vec<_> = (0..self.random.u8(1..=MAX_EDITS)).map(|_| self.draw()).collect();
        edits.iter().for_each(|edit| self.apply(*edit));
        edits
    }

    fn draw(&mut self) -> Edit {
        let random = &mut self.random;
        match random.u8(..20) {
            0..=6 => Edit::Valid,
            7..=8 => Edit::Burst(random.u8(2..10)),
            9..=10 => Edit::Died(random.usize(..=STEPS)),
            11..=12 => Edit::Refused,
            13 => Edit::Missing,
            14..=15 => Edit::Exchange,
            16 => Edit::Trip,
            _ => Edit::Pause(random.u8(..20)),
        }
    }

    fn apply(&mut self, edit: Edit) {
        let mount = self.mount.clone();
        let [beside, away] = ["beside", "away"].map(|name| mount.with_file_name(name));
        match edit {
            Edit::Valid => self.write(&mount, STEPS),
            Edit::Burst(writes) => (0..writes).for_each(|_| self.write(&mount, STEPS)),
            Edit::Died(steps) => self.write(&mount, steps),
            Edit::Refused => {
                let (key, text) = self.refused;
                self.write_wrong(|texts| drop(texts.insert(key.into(), text.into())));
            }
            Edit::Missing => {
                self.write_wrong(|texts| texts.retain(|key, _| !SECRETS.contains(&key.as_str())));
            }
            Edit::Exchange => {
                self.write(&beside, STEPS);
                fs::rename(&mount, &away).unwrap();
                fs::rename(&beside, &mount).unwrap();
                fs::remove_dir_all(&away).unwrap();
            }
            Edit::Trip => {
                fs::rename(&mount, &away).unwrap();
                fs::rename(&away, &mount).unwrap();
            }
            Edit::Pause(millis) => thread::sleep(Duration::from_millis(millis.into())),
        }
    }

    /// Writes the next configuration, by so many steps.
    fn write(&mut self, directory: &Path, steps: usize) {
        self.number += 1;
        self.write_texts(directory, (self.texts)(self.number), steps);
        if steps >= RENAME {
            self.content = (self.number, true);
        }
    }

    fn write_wrong(&mut self, spoil: impl FnOnce(&mut Texts)) {
        self.number += 1;
        let mut texts = (self.texts)(self.number);
        spoil(&mut texts);
        self.write_texts(&self.mount, texts, STEPS);
        self.content = (self.number, false);
    }

    fn write_texts(&self, directory: &Path, mut texts: Texts, steps: usize) {
        texts.extend(self.fixed.clone());
        let folder = |key: &str| if SECRETS.contains(&key) { "secrets" } else { "config" };
        let files = texts.iter().map(|(key, text)| (format!("{}/{key}", folder(key)), text));
        KubeletVolume::new(directory).write_until(&files.collect::<Vec<_>>(), steps).unwrap();
    }
}
