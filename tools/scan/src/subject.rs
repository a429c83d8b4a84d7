//! The subject of a scan, and the result of a tool.

use std::path::PathBuf;

use super::finding::Finding;
use super::tree::Tree;

/// The subject of all tools.
pub(super) struct Subject {
    pub(super) tree: Tree,
    /// Nothing where the image is to be built.
    pub(super) image: Option<PathBuf>,
}

/// The result of a tool.
pub(super) enum ScanResult {
    Scanned(Scanned),
    /// It could not look, for a reason that is not the tree's.
    Skipped(String),
}

#[derive(Default)]
pub(super) struct Scanned {
    /// Kind and number of the scanned items: `412 files`.
    pub(super) what: String,
    pub(super) findings: Vec<Finding>,
    /// Number of further findings that the tool's own file explains.
    pub(super) explained: usize,
}
