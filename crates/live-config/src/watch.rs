//! Hints that a mounted directory may have changed. A hint is never trusted: what counts is the content.

mod frozen;

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{Event, EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use crate::Watching;

/// Subscriptions in a row whose folders were others by the time they were watched.
const MAX_ATTEMPTS: usize = 3;

/// Collects hints about one directory.
pub(crate) struct Watcher {
    directory: Option<PathBuf>,
    hints: Arc<Notify>,
    state: Watching,
    subscription: Option<Subscription>,
}

/// Source of hints until it is dropped, for the folders of its creation only.
struct Subscription {
    _system: RecommendedWatcher,
    folders: Vec<Folder>,
    /// The reason why a folder is not watched, if one is not.
    missed: Option<String>,
    /// True once one of the folders was removed or renamed, or the system dropped events. The folder now at that path is
    /// another one, even if the file system gave it the same inode number.
    lost: Arc<AtomicBool>,
}

/// A folder as the system watches it: by its number, not by its path.
#[derive(PartialEq, Eq)]
struct Folder {
    path: PathBuf,
    inode: Option<(u64, u64)>,
}

impl Watcher {
    /// Watches `directory`, or falls back to polling and records the reason.
    pub(crate) fn new(directory: Option<&Path>) -> Self {
        let mut watcher = Self {
            directory: directory.map(Path::to_path_buf),
            hints: Arc::new(Notify::new()),
            state: Watching::Nothing("settings come from the environment only".into()),
            subscription: None,
        };
        watcher.watch();
        watcher
    }

    pub(crate) fn state(&self) -> Watching {
        self.state.clone()
    }

    /// Notified whenever something may have changed since the last time.
    pub(crate) fn hints(&self) -> Arc<Notify> {
        Arc::clone(&self.hints)
    }

    /// Makes sure that what is there now is watched: also after the directory was removed and has come back, after its
    /// path was made to lead elsewhere, or after the system had no room for another watch. A few calls of stat(2) where
    /// nothing changed. The old watch goes after the new one is there, so that nothing is missed between them.
    pub(crate) fn watch(&mut self) {
        let Some(directory) = &self.directory else { return };
        // The system finds what it watches by path, which may lead elsewhere by then.
        for _ in 0..MAX_ATTEMPTS {
            let folders = folders(directory);
            if self.subscription.as_ref().is_some_and(|present| present.holds(&folders)) {
                return;
            }
            if let Some(mount) = frozen::mount_of_one_generation(directory) {
                let reason = format!("{} is mounted by subPath, which never changes", mount.display());
                self.state = Watching::Nothing(reason);
                self.subscription = None;
                return;
            }
            match Subscription::new(directory, folders, Arc::clone(&self.hints)) {
                Ok(subscription) => {
                    let missed = subscription.missed.clone();
                    self.subscription = Some(subscription);
                    self.state = Watching::Events;
                    if let Some(reason) = missed {
                        self.state = Watching::Polling(reason);
                        return;
                    }
                }
                Err(error) => {
                    self.subscription = None;
                    self.state = Watching::Polling(error.to_string());
                    return;
                }
            }
        }
    }
}

impl Subscription {
    /// Watches `folders`, and the place of `directory` for another one.
    ///
    /// # Errors
    /// The system has no watcher left. Where only a folder cannot be watched, the rest of them are.
    fn new(directory: &Path, folders: Vec<Folder>, hints: Arc<Notify>) -> notify::Result<Self> {
        let lost = Arc::new(AtomicBool::new(false));
        let is_lost = Arc::clone(&lost);
        let paths: Vec<PathBuf> = folders.iter().map(|folder| folder.path.clone()).collect();
        let place = Place::of(directory);
        let mut system = notify::recommended_watcher({
            let place = place.clone();
            move |event: notify::Result<Event>| {
                match event {
                    // Reading is no change, and the engine itself reads.
                    Ok(event) if event.kind.is_access() => return,
                    Ok(event) if place.as_ref().is_some_and(|place| place.is_beside(&event)) => return,
                    Ok(event) if !event.need_rescan() && !is_end_of(&paths, &event) => {}
                    // An error or an overflowed queue is a reason to look, and to start afresh.
                    Ok(_) | Err(_) => is_lost.store(true, Ordering::SeqCst),
                }
                hints.notify_one();
            }
        })?;
        // First, so that a directory that comes back meanwhile is noticed. Without it, looks at intervals do.
        if let Some(place) = place {
            let _ = system.watch(&place.parent, RecursiveMode::NonRecursive);
        }
        let watched =
            folders.iter().try_for_each(|folder| system.watch(&folder.path, RecursiveMode::NonRecursive));
        Ok(Self { _system: system, folders, missed: watched.err().map(|error| error.to_string()), lost })
    }

    fn holds(&self, folders: &[Folder]) -> bool {
        self.missed.is_none() && self.folders == folders && !self.lost.load(Ordering::SeqCst)
    }
}

/// The directory's entry in its parent: it may be a link, moved away or created again.
#[derive(Clone)]
struct Place {
    parent: PathBuf,
    name: OsString,
}

impl Place {
    fn of(directory: &Path) -> Option<Self> {
        let parent = directory.parent()?;
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        Some(Self { parent: parent.to_path_buf(), name: directory.file_name()?.to_owned() })
    }

    /// Returns true if `event` is about other entries of the parent only.
    fn is_beside(&self, event: &Event) -> bool {
        let is_other = |path: &PathBuf| {
            path.parent() == Some(&self.parent) && path.file_name() != Some(self.name.as_os_str())
        };
        !event.paths.is_empty() && event.paths.iter().all(is_other)
    }
}

/// Returns true if one of `paths` was removed or renamed.
fn is_end_of(paths: &[PathBuf], event: &Event) -> bool {
    let is_end = event.kind.is_remove() || matches!(event.kind, EventKind::Modify(ModifyKind::Name(_)));
    is_end && event.paths.iter().any(|path| paths.contains(path))
}

/// The directory itself, where the kubelet swaps its link, and the folders below it where they are no part of that
/// volume: plain folders, or volumes of their own.
fn folders(directory: &Path) -> Vec<Folder> {
    let below = ["config", "secrets"].map(|name| directory.join(name));
    let apart = below.into_iter().filter(|path| {
        let is_swapped = fs::read_link(path).is_ok_and(|link| link.starts_with("..data"));
        !is_swapped && path.is_dir()
    });
    std::iter::once(directory.to_path_buf()).chain(apart).map(Folder::of).collect()
}

impl Folder {
    fn of(path: PathBuf) -> Self {
        let inode = fs::metadata(&path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
        Self { path, inode }
    }
}
