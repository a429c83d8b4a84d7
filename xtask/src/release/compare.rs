//! The proof that a release can be made again: two clones of the checked-out commit at paths of different lengths, nothing shared but
//! the downloaded sources of dependencies, and not one byte different.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::record::{Part, Record};
use crate::image::commit::Commit;
use crate::process::Cmd;
use crate::tools::{self, Use};
use crate::{ui, workspace};

const FOLDER: &str = "target/release-compare";
const CLONES: [&str; 2] = ["one", "another-folder/with-a-longer-name/two"];

/// # Errors
/// A build fails, or names the first part that differs.
pub(super) fn run(install: bool) -> Result<()> {
    tools::require(&[Use::Image, Use::Release], install)?;
    if Commit::checked_out().is_some_and(|commit| commit.modified) {
        ui::say("changes that are not committed are in neither of the builds");
    }
    let folder = workspace::root().join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let clones = CLONES.map(|clone| folder.join(clone));
    // Both before either is built, which takes minutes: someone may commit meanwhile.
    clones.iter().try_for_each(|clone| make_clone(clone))?;
    let (one, other) = (build(&clones[0])?, build(&clones[1])?);
    if let Some(difference) = difference(&one, &other)? {
        bail!("{difference}");
    }
    for part in Part::ALL {
        ui::say(format!("{:<8}{}", part.name(), one.digest(part)));
    }
    ui::say("twice the same bytes");
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}

fn make_clone(clone: &Path) -> Result<()> {
    Cmd::new("git")
        .args(["clone", "--quiet", "--no-hardlinks"])
        .arg(workspace::root())
        .arg(clone)
        .run()
        .map(drop)
}

/// Builds in a clone, with its own tasks.
fn build(clone: &Path) -> Result<Record> {
    let output = clone.join("target/release-artifacts");
    Cmd::new("cargo")
        .args(["xtask", "release", "build", "--output"])
        .arg(&output)
        .env("CARGO_TARGET_DIR", clone.join("target"))
        .directory(clone)
        .run()?;
    Record::read(&output)
}

/// Where two builds differ first: in the part that is made first, at the first byte.
fn difference(one: &Record, other: &Record) -> Result<Option<String>> {
    let Some(part) = Part::ALL.into_iter().find(|part| one.digest(*part) != other.digest(*part)) else {
        return Ok(None);
    };
    let (one, other) = (one.path(part), other.path(part));
    let [left, right] = [read(&one)?, read(&other)?];
    let at = left.iter().zip(&right).take_while(|(left, right)| left == right).count();
    let both = [one, other].map(|path: PathBuf| path.display().to_string()).join("\n  ");
    Ok(Some(format!(
        "the {} differs, first at byte {at} (`cmp` shows more); both are kept:\n  {both}",
        part.name()
    )))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
