//! Hints that a mounted directory may have changed. A hint is never trusted: what counts is the content.

mod frozen;

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
    /// Kept for as long as hints are wanted.
    system: Option<RecommendedWatcher>,
}

impl Watcher {
    /// Watches `directory`, or falls back to what is possible and says why.
    pub(crate) fn new(directory: Option<&Path>) -> Self {
        let mut watcher = Self {
            directory: directory.map(Path::to_path_buf),
            hints: Arc::new(Notify::new()),
            state: Watching::Nothing("settings come from the environment only".into()),
            system: None,
        };
        watcher.watch();
        watcher
    }

    pub(crate) fn state(&self) -> Watching {
        self.state.clone()
    }

    /// Whether looking again makes sense.
    pub(crate) fn can_change(&self) -> bool {
        self.directory.is_some()
    }

    /// Watches again where that is not so yet, or where the directory was removed and has come back.
    pub(crate) fn watch(&mut self) {
        let Some(directory) = &self.directory else { return };
        if let Some(mount) = frozen::mount_of_one_generation(directory) {
            let reason = format!("{} is mounted by subPath, which never changes", mount.display());
            self.state = Watching::Nothing(reason);
            return;
        }
        match subscribe(directory, &self.hints) {
            Ok(system) => {
                self.system = Some(system);
                self.state = Watching::Events;
            }
            Err(error) => {
                self.system = None;
                self.state = Watching::Polling(error.to_string());
            }
        }
    }

    /// Returns when something may have changed since the last call.
    pub(crate) async fn hint(&self) {
        self.hints.notified().await;
    }
}

/// The directory itself, where the kubelet swaps its link, and one level below for plain files.
fn subscribe(directory: &Path, hints: &Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let hints = Arc::clone(hints);
    // Any event counts, errors too: an overflowed queue is a reason to look.
    let mut system = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| event.kind.is_access()) {
            return;
        }
        hints.notify_one();
    })?;
    system.watch(directory, RecursiveMode::NonRecursive)?;
    for folder in ["config", "secrets"] {
        let path = directory.join(folder);
        if path.is_dir() {
            system.watch(&path, RecursiveMode::NonRecursive)?;
        }
    }
    Ok(system)
}
