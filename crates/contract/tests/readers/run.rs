//! One process for each language, which reads all cases by all readers of that language.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use super::cases::{self, Suite};

/// The typed values in the order of their keys, or the problems.
pub(super) type Answer = Result<Vec<serde_json::Value>, Vec<String>>;

/// A language, and how its readers are built and started.
pub(super) struct Reader {
    pub(super) name: &'static str,
    /// Writes and compiles the readers in a folder, and returns the command of the driver.
    pub(super) build: fn(&Suite, &Path) -> Command,
}

impl Reader {
    pub(super) fn answers(&self, suite: &Suite) -> Vec<Answer> {
        let folder = suite.folder.join(self.name);
        fs::create_dir_all(&folder).unwrap();
        let mut driver = (self.build)(suite, &folder);
        let input = folder.join("cases.jsonl");
        let lines: Vec<_> = suite.cases.iter().map(|case| cases::line(case) + "\n").collect();
        fs::write(&input, lines.concat()).unwrap();
        let output = output(driver.stdin(File::open(&input).unwrap()));
        output.lines().map(cases::answer).collect()
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
pub(super) fn driver(path: impl AsRef<OsStr>) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drivers").join(path.as_ref())
}
