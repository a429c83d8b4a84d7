//! Generations of the settings as files below OUT: a directory each, and the link `current` to the one in force.
//!
//! A reader that resolves `current` once, or holds its directory open, sees one generation. It is never edited; its files go
//! some time after another has taken its place.

mod content;
mod files;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::Contract;
use sha2::{Digest as _, Sha256};

use content::{Values, config_json};

/// The link to the generation in force.
const CURRENT: &str = "current";
/// The same link before its rename.
const NEXT: &str = ".current";
/// The directory of all generations.
const GENERATIONS: &str = "generations";
/// The file into which a service writes the digest that it has taken.
const ACK: &str = "ack";
const LOCK: &str = ".lock";

/// The generations of one agent.
#[derive(Clone)]
pub(crate) struct Store(Arc<Inner>);

struct Inner {
    out: PathBuf,
    /// Random: a digest tells nothing of the values under it, and no two agents make the same.
    nonce: [u8; 32],
    number: AtomicU64,
    /// Time for which the files of a former generation stay.
    keep: Duration,
    /// The generation of a former agent, until it is replaced.
    former: Mutex<Option<PathBuf>>,
    _lock: File,
}

/// One generation. Its files are removed once nothing holds it: at once if it never was in force, else after a while.
pub(crate) struct Generation {
    store: Arc<Inner>,
    directory: PathBuf,
    digest: String,
    was_published: AtomicBool,
}

impl Store {
    /// Takes `out`, which is made if it is missing, and removes what a former agent left there, but for the generation in force.
    ///
    /// # Errors
    /// The reason why it cannot be used, as a sentence without a subject.
    pub(crate) fn open(out: &Path, keep: Duration) -> Result<Self, String> {
        let cannot_write = |error: io::Error| format!("cannot be written: {error}");
        files::make_directories(out).map_err(cannot_write)?;
        let out = out.canonicalize().map_err(cannot_write)?;
        let lock = File::create(out.join(LOCK)).map_err(cannot_write)?;
        lock.try_lock().map_err(|_| "is used by another confpath run; give each its own directory")?;
        files::make_directories(&out.join(GENERATIONS)).map_err(cannot_write)?;
        let former = clean(&out).map_err(cannot_write)?;
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|error| format!("has no random numbers: {error}"))?;
        Ok(Self(Arc::new(Inner {
            out,
            nonce,
            number: AtomicU64::new(1),
            keep,
            former: Mutex::new(former),
            _lock: lock,
        })))
    }

    /// The directory OUT, as an absolute path.
    pub(crate) fn out(&self) -> &Path {
        &self.0.out
    }

    /// The file by which a service acknowledges.
    pub(crate) fn ack(&self) -> PathBuf {
        self.0.out.join(ACK)
    }

    /// Writes a generation beside the one in force.
    ///
    /// # Errors
    /// A file that cannot be written. Nothing of the generation is left then.
    pub(crate) fn write(&self, contract: &Contract, values: &Values) -> io::Result<Generation> {
        let json = config_json(contract, values)?;
        let generation = self.begin(json.expose().as_bytes())?;
        let [config, secrets] = ["config", "secrets"].map(|name| generation.directory.join(name));
        [&config, &secrets].into_iter().try_for_each(|folder| files::make_directory(folder))?;
        for (key, value) in values {
            let is_secret = contract.key(key).is_some_and(|key| key.secret);
            let folder = if is_secret { &secrets } else { &config };
            files::write(&folder.join(key), value.text.expose().as_bytes())?;
        }
        files::write(&generation.directory.join("config.json"), json.expose().as_bytes())?;
        generation.finish()
    }

    /// Makes another generation of the same content, with a digest of its own.
    ///
    /// # Errors
    /// A file that cannot be linked. Nothing of the new generation is left then.
    pub(crate) fn copy(&self, of: &Generation) -> io::Result<Generation> {
        let generation = self.begin(of.digest.as_bytes())?;
        files::link_all(&of.directory, &generation.directory, &["digest"])?;
        generation.finish()
    }

    fn begin(&self, content: &[u8]) -> io::Result<Generation> {
        let number = self.0.number.fetch_add(1, Ordering::Relaxed);
        let mut sum = Sha256::new();
        for part in [self.0.nonce.as_slice(), &number.to_be_bytes(), content] {
            sum.update(part);
        }
        let digest: String = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{number}-{}", digest.get(..8).unwrap_or_default());
        let directory = self.0.out.join(GENERATIONS).join(name);
        files::make_directory(&directory)?;
        let store = Arc::clone(&self.0);
        Ok(Generation { store, directory, digest, was_published: AtomicBool::new(false) })
    }

    /// Makes `generation` the one in force, by one rename.
    ///
    /// # Errors
    /// The link cannot be made. The one before stays in force then.
    pub(crate) fn publish(&self, generation: &Generation) -> io::Result<()> {
        let next = self.0.out.join(NEXT);
        files::ignore_missing(fs::remove_file(&next))?;
        let target = Path::new(GENERATIONS).join(generation.directory.file_name().unwrap_or_default());
        symlink(target, &next)?;
        // Before the rename: from then on a reader may hold it.
        generation.was_published.store(true, Ordering::Release);
        fs::rename(&next, self.0.out.join(CURRENT))?;
        let former = self.0.former.lock().unwrap_or_else(PoisonError::into_inner).take();
        former.into_iter().for_each(|former| remove_later(&self.0, former));
        Ok(())
    }
}

impl Generation {
    /// Its directory, as an absolute path.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its digest, which no other generation has.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    fn finish(self) -> io::Result<Self> {
        files::write(&self.directory.join("digest"), self.digest.as_bytes())?;
        files::close_directories(&self.directory)?;
        Ok(self)
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        if self.was_published.load(Ordering::Acquire) {
            remove_later(&self.store, self.directory.clone());
        } else {
            // What cannot be removed now is removed by the next agent.
            let _ = files::remove(&self.directory);
        }
    }
}

/// Removes the files of a former generation, for which readers have had time. Without a runtime the next agent removes them.
fn remove_later(store: &Arc<Inner>, directory: PathBuf) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let store = Arc::clone(store);
    runtime.spawn(async move {
        tokio::time::sleep(store.keep).await;
        if present(&store.out).as_ref() != Some(&directory) {
            let _ = tokio::task::spawn_blocking(move || files::remove(&directory)).await;
        }
    });
}

/// The directory to which `current` leads.
fn present(out: &Path) -> Option<PathBuf> {
    fs::read_link(out.join(CURRENT)).ok().map(|target| out.join(target))
}

/// Removes every generation but the one in force, which is returned, and what its service had acknowledged.
fn clean(out: &Path) -> io::Result<Option<PathBuf>> {
    let present = present(out).filter(|directory| directory.is_dir());
    for entry in fs::read_dir(out.join(GENERATIONS))? {
        let path = entry?.path();
        if present.as_ref() != Some(&path) {
            files::remove(&path)?;
        }
    }
    files::ignore_missing(fs::remove_file(out.join(ACK)))?;
    Ok(present)
}

#[cfg(test)]
mod tests;
