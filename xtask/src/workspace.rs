//! Where things are in this checkout.

use std::path::{Path, PathBuf};

/// The checkout's root folder.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// The Go module of the project's own Kubernetes.
pub(crate) fn go_module() -> PathBuf {
    root().join("e2e/cluster")
}

/// A path as people in this checkout would write it.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
