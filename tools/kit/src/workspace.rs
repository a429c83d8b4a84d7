//! Paths of this checkout.

use std::path::{Path, PathBuf};

/// The workspace's version, which all crates of it share.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The checkout's root folder.
pub fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest)
}

/// The Go module of the project's own Kubernetes.
pub fn go_module() -> PathBuf {
    root().join("e2e/cluster")
}

/// A path as people in this checkout would write it.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
