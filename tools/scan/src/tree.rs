//! The checkout that is scanned: what is in Git or would be added, and nothing that lies beside it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use kit::process::Cmd;
use kit::workspace;

pub(super) struct Tree {
    pub(super) root: PathBuf,
    /// Below the root, in the order of their names.
    files: Vec<String>,
}

/// A folder for one tool, below the build folder, removed when it goes out of scope.
pub(super) struct Stage {
    pub(super) folder: PathBuf,
}

impl Tree {
    /// # Errors
    /// `root` is in no Git repository.
    pub(super) fn of(root: &Path) -> Result<Self> {
        let root = root.canonicalize().with_context(|| format!("cannot read {}", root.display()))?;
        let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listed = Cmd::new("git").args(list).directory(&root).ask()?;
        let mut files: Vec<_> = listed.split_terminator('\0').map(str::to_owned).collect();
        // What is deleted but not yet committed so is still listed.
        files.retain(|file| root.join(file).symlink_metadata().is_ok_and(|found| found.is_file()));
        files.sort();
        files.dedup();
        Ok(Self { root, files })
    }

    pub(super) fn files(&self, wanted: impl Fn(&str) -> bool) -> Vec<&str> {
        self.files.iter().map(String::as_str).filter(|file| wanted(file)).collect()
    }

    /// Nothing where there is no such file, or it is no text.
    pub(super) fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.root.join(file)).ok()
    }

    /// A line as it is written, without the white space around it; empty where there is none. Lines count from 1.
    pub(super) fn line(&self, file: &str, number: u64) -> String {
        let text = self.read(file).unwrap_or_default();
        let index = usize::try_from(number).unwrap_or_default().checked_sub(1);
        index.and_then(|index| text.lines().nth(index)).unwrap_or_default().trim().to_owned()
    }

    /// A copy of some files: tools that walk a folder would also walk what is built and fetched in it.
    pub(super) fn stage(&self, name: &str, wanted: impl Fn(&str) -> bool) -> Result<Stage> {
        let stage = Stage::new(name)?;
        for file in self.files(wanted) {
            let target = stage.folder.join(file);
            fs::create_dir_all(target.parent().unwrap_or(&stage.folder))?;
            fs::copy(self.root.join(file), &target).with_context(|| format!("cannot copy {file}"))?;
        }
        Ok(stage)
    }
}

impl Stage {
    pub(super) fn new(name: &str) -> Result<Self> {
        let folder =
            workspace::root().join("target/xtask").join(format!("scan-{name}-{}", std::process::id()));
        // Left over by a run that was killed.
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// The path below this folder, as tools name it with or without the folder before it.
    pub(super) fn below<'a>(&self, path: &'a str) -> &'a str {
        let folder = self.folder.to_str().unwrap_or_default();
        let below = path.strip_prefix(folder).unwrap_or(path);
        below.trim_start_matches("./").trim_start_matches('/')
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What is left over is in the build folder.
        fs::remove_dir_all(&self.folder).ok();
    }
}
