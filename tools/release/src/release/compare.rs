//! The proof that a release can be made again: two clones of the checked-out commit at paths of different lengths, nothing shared but
//! the downloaded sources of dependencies, and not one byte different.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kit::process::Cmd;
use kit::tools::{self, Use};
use kit::{ui, workspace};

use super::record::{Part, Record};
use crate::image::commit::Commit;

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
        ui::say(format!("{:<16}{}", part.name(), one.digest(part)));
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

/// Returns the first difference of two builds: in the part that is made first, at the first byte.
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

#[cfg(test)]
mod tests {
    use super::*;
    use kit::oci;

    /// A build whose parts hold these texts.
    fn built(folder: &Path, texts: [&str; 3]) -> Record {
        for (part, text) in Part::ALL.into_iter().zip(texts.into_iter().chain(std::iter::repeat("same"))) {
            fs::write(folder.join(part.file("1.2.3", oci::architecture())), text).unwrap();
        }
        let commit =
            Commit { id: "c".into(), seconds: 0, time: "1970-01-01T00:00:00Z".into(), modified: false };
        Record::write(folder, "1.2.3", &commit, "1.95.0").unwrap()
    }

    #[test]
    fn first_difference_is_named() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let one = built(folders[0].path(), ["binary", "list", "image"]);
        let other = built(folders[1].path(), ["binary", "lisp", "other"]);
        assert_eq!(difference(&one, &one).unwrap(), None);
        let different = difference(&one, &other).unwrap();
        assert!(different.is_some_and(|text| text.starts_with("the sbom differs, first at byte 3 ")));
    }
}
