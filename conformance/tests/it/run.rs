//! Drivers: one process for each language, which reads all cases by all readers of that language.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::suite::{self, Case, Suite};

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
        self.build_in(suite, self.name)
    }

    /// Builds in a folder of this name.
    pub(super) fn build_in(&self, suite: &Suite, folder: &str) -> Driver {
        let folder = suite.folder.join(folder);
        fs::create_dir_all(&folder).unwrap();
        Driver { command: (self.build)(suite, &folder), folder }
    }
}

impl Driver {
    /// The command, for a conversation.
    pub(super) fn into_command(self) -> Command {
        self.command
    }

    /// Reads all cases in one process.
    pub(super) fn answers<'a>(&mut self, cases: impl IntoIterator<Item = &'a Case>) -> Vec<Answer> {
        let input = self.folder.join("cases.jsonl");
        let lines: Vec<_> = cases.into_iter().map(|case| suite::line(case) + "\n").collect();
        fs::write(&input, lines.concat()).unwrap();
        let output = output(self.command.stdin(File::open(&input).unwrap()));
        let answers: Vec<_> = output.lines().map(suite::answer).collect();
        assert_eq!(answers.len(), lines.len());
        answers
    }
}

impl Driver {
    /// The names of the cases that the driver's faulty readers all decide as the reader itself; for Python only.
    pub(super) fn survivors<'a>(&self, cases: impl Iterator<Item = &'a Case>) -> String {
        let input = self.folder.join("answered.jsonl");
        let cases: Vec<_> = cases.collect();
        let mut plain = Command::new("python3");
        plain.arg(driver("python/driver.py")).env("PYTHONPATH", &self.folder);
        let mut plain = Self { command: plain, folder: self.folder.clone() };
        let answers = plain.answers(cases.iter().copied());
        let lines = cases.iter().zip(answers).map(|(case, answer)| suite::answered(case, &answer) + "\n");
        fs::write(&input, lines.collect::<String>()).unwrap();
        let mut mutate = Command::new("python3");
        mutate.arg(driver("python/mutate.py")).env("PYTHONPATH", &self.folder);
        output(mutate.stdin(File::open(&input).unwrap()))
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
    Path::new(env!("CARGO_MANIFEST_DIR")).join("drivers").join(path.as_ref())
}
