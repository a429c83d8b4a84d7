//! Hints that a mounted directory may have changed. A hint is never trusted: what counts is the content.

mod frozen;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use crate::Watching;

/// Collects hints about one directory.
pub(crate) struct Watcher {
    directory: Option<PathBuf>,
    hints: Arc<Notify>,
    state: Watching,
    subscription: Option<Subscription>,
}

/// Hints come for as long as it is kept, and only for the folders it was made for.
struct Subscription {
    folders: Vec<Folder>,
    _system: RecommendedWatcher,
}

/// A folder as the system knows it: one that was removed and made again is another.
#[derive(Clone, PartialEq, Eq)]
struct Folder {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Watcher {
    /// Watches `directory`, or falls back to what is possible and says why. The first hint is there at once: what was
    /// read before may have changed meanwhile.
    pub(crate) fn new(directory: Option<&Path>) -> Self {
        let mut watcher = Self {
            directory: directory.map(Path::to_path_buf),
            hints: Arc::new(Notify::new()),
            state: Watching::Nothing("settings come from the environment only".into()),
            subscription: None,
        };
        watcher.watch();
        watcher.hints.notify_one();
        watcher
    }

    pub(crate) fn state(&self) -> Watching {
        self.state.clone()
    }

    /// Notified whenever something may have changed since the last time.
    pub(crate) fn hints(&self) -> Arc<Notify> {
        Arc::clone(&self.hints)
    }

    /// Makes sure that what is there now is watched: also after the directory was removed and has come back, or after
    /// the system had no room for another watch.
    pub(crate) fn watch(&mut self) {
        let Some(directory) = &self.directory else { return };
        if let Some(mount) = frozen::mount_of_one_generation(directory) {
            let reason = format!("{} is mounted by subPath, which never changes", mount.display());
            self.state = Watching::Nothing(reason);
            self.subscription = None;
            return;
        }
        let folders = folders(directory);
        if self.subscription.as_ref().is_some_and(|present| present.folders == folders) {
            return;
        }
        match subscribe(directory, folders, &self.hints) {
            Ok(subscription) => {
                self.subscription = Some(subscription);
                self.state = Watching::Events;
            }
            Err(error) => {
                self.subscription = None;
                self.state = Watching::Polling(error.to_string());
            }
        }
    }
}

/// The directory itself, where the kubelet swaps its link, and in a plain directory the two folders below. Links to them
/// lead into a generation that is soon removed, and are not followed.
fn folders(directory: &Path) -> Vec<Folder> {
    let folder = |path: PathBuf| {
        let metadata = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_dir)?;
        Some(Folder { path, device: metadata.dev(), inode: metadata.ino() })
    };
    let below = ["config", "secrets"].map(|name| directory.join(name));
    [directory.to_path_buf()].into_iter().chain(below).filter_map(folder).collect()
}

fn subscribe(directory: &Path, folders: Vec<Folder>, hints: &Arc<Notify>) -> notify::Result<Subscription> {
    let hints = Arc::clone(hints);
    // Any event counts, errors too: an overflowed queue is a reason to look.
    let mut system = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| event.kind.is_access()) {
            return;
        }
        hints.notify_one();
    })?;
    // Asked for in any case, so that a missing directory is an error and not silence.
    system.watch(directory, RecursiveMode::NonRecursive)?;
    for folder in folders.iter().filter(|folder| folder.path != directory) {
        system.watch(&folder.path, RecursiveMode::NonRecursive)?;
    }
    Ok(Subscription { folders, _system: system })
}
