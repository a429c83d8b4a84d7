//! The task `picture`: draws the pictures of the documentation from their sources.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use kit::process::Cmd;
use kit::tools::{self, Use};
use kit::{oci, ui, workspace};

const SOURCE: &str = "docs/aws.dot";
const PICTURE: &str = "docs/aws.svg";

/// Draws, and notes in the picture what it was drawn from, which a test compares.
///
/// # Errors
/// When Graphviz is missing or refuses the source.
pub(crate) fn run(install: bool) -> Result<()> {
    tools::require(&[Use::Pictures], install)?;
    let path = |name: &str| workspace::root().join(name);
    let source = fs::read(path(SOURCE)).with_context(|| format!("cannot read {SOURCE}"))?;
    let drawn = Cmd::new("dot").args(["-Tsvg", SOURCE]).directory(workspace::root()).run()?;
    let digest = oci::digest(&source);
    write(&path(PICTURE), &format!("{}\n<!-- drawn from {digest} -->\n", drawn.trim_end()))?;
    ui::say(format!("wrote {PICTURE}"));
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
