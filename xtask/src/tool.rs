//! The programs that carry out a task: crates below `tools/` and `confpath`, compiled when they are called.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::Error;
use kit::process::Cmd;
use kit::workspace;

/// A crate with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Bench,
    Cluster,
    Confpath,
    Release,
    Scan,
}

impl Tool {
    fn package(self) -> &'static str {
        match self {
            Self::Bench => "bench",
            Self::Cluster => "cluster",
            Self::Confpath => "confpath",
            Self::Release => "release",
            Self::Scan => "scan",
        }
    }

    /// Replaces this process by the tool, so that streams, signals and the exit code are the tool's. Returns only when that fails.
    pub(crate) fn become_it(self, task: &str, words: &[OsString]) -> Error {
        let error = Command::new("cargo").args(self.cargo_run()).arg(task).args(words).exec();
        Error::new(error).context("cannot run cargo")
    }

    /// A call of the tool as a step of a task.
    pub(crate) fn call(self, task: &str) -> Cmd {
        Cmd::new("cargo").args(self.cargo_run()).arg(task)
    }

    fn cargo_run(self) -> [OsString; 7] {
        let manifest = workspace::root().join("Cargo.toml").into_os_string();
        let words = ["run", "--quiet", "--manifest-path"].map(OsString::from);
        let [run, quiet, flag] = words;
        [run, quiet, flag, manifest, "--package".into(), self.package().into(), "--".into()]
    }
}
