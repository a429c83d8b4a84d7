//! One process for each language, which reads all cases by all readers of that language.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::cases::{self, Case, Suite};

/// The typed values in the order of their keys, or the problems.
pub(super) type Answer = Result<Vec<serde_json::Value>, Vec<String>>;

/// A language, and how its readers are built and started.
pub(super) struct Reader {
    pub(super) name: &'static str,
    /// Writes and compiles the readers in a folder, and returns the command of the driver.
    pub(super) build: fn(&Suite, &Path) -> Command,
}

/// A driver that is ready to be started.
pub(super) struct Driver {
    command: Command,
    folder: PathBuf,
}

impl Reader {
    pub(super) fn build(&self, suite: &Suite) -> Driver {
        let folder = suite.folder.join(self.name);
        fs::create_dir_all(&folder).unwrap();
        Driver { command: (self.build)(suite, &folder), folder }
    }
}

impl Driver {
    /// Reads all cases in one process.
    pub(super) fn answers<'a>(&mut self, cases: impl IntoIterator<Item = &'a Case>) -> Vec<Answer> {
        let input = self.folder.join("cases.jsonl");
        let lines: Vec<_> = cases.into_iter().map(|case| cases::line(case) + "\n").collect();
        fs::write(&input, lines.concat()).unwrap();
        let output = output(self.command.stdin(File::open(&input).unwrap()));
        let answers: Vec<_> = output.lines().map(cases::answer).collect();
        assert_eq!(answers.len(), lines.len());
        answers
    }
}

/// Runs a command to its end, which must be a good one.
pub(super) fn output(command: &mut Command) -> String {
    let output = command.stderr(Stdio::piped()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A file of the drivers.
pub(super) fn driver(path: impl AsRef<OsStr>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drivers").join(path.as_ref())
}
