//! The project's own release tasks, called as a pipeline calls them.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

/// Output of `cargo xtask release build` for this checkout, built once for all tests of a process.
///
/// # Panics
/// The build fails.
pub static ARTIFACTS: LazyLock<Artifacts> = LazyLock::new(|| Artifacts::build("artifacts"));

/// Output folder of a build.
#[derive(Debug, Clone)]
pub struct Artifacts {
    pub folder: PathBuf,
}

impl Artifacts {
    /// Builds into a folder of this process's own, below the build folder.
    ///
    /// # Panics
    /// The build fails; the message holds its output.
    #[expect(clippy::panic, reason = "no test can go on without")]
    pub fn build(name: &str) -> Self {
        let folder = root().join("target/tmp").join(format!("release-{name}"));
        let output = xtask(&["release", "build", "--output"]).arg(&folder).output();
        let output = output.unwrap_or_else(|error| panic!("cargo cannot be run: {error}"));
        assert!(output.status.success(), "{}", both_streams(&output));
        Self { folder }
    }

    /// `release.json`, which names every file and its digest; null where there is none.
    pub fn record(&self) -> Value {
        std::fs::read(self.folder.join("release.json"))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// A part's file: `binary`, `sbom`, `image`, `chart`, `contract`, `manual`, `archive`, `sum`, `confpath-sbom` or
    /// `confpath-image`.
    pub fn file(&self, part: &str) -> PathBuf {
        self.folder.join(self.record()[part]["file"].as_str().unwrap_or_default())
    }

    /// A copy without the files that a push has written, for tests that change or push the artifacts.
    ///
    /// # Panics
    /// When it cannot be made.
    #[expect(clippy::panic, reason = "no test can go on without")]
    pub fn copied(&self) -> CopiedArtifacts {
        let copy = || {
            let folder = tempfile::tempdir()?;
            for file in std::fs::read_dir(&self.folder)? {
                let file = file?;
                if !file.file_name().to_string_lossy().starts_with("published") {
                    std::fs::copy(file.path(), folder.path().join(file.file_name()))?;
                }
            }
            Ok::<_, std::io::Error>(folder)
        };
        let folder = copy().unwrap_or_else(|error| panic!("{}: {error}", self.folder.display()));
        CopiedArtifacts { artifacts: Self { folder: folder.path().to_path_buf() }, _folder: folder }
    }

    /// The push of this to a place in a registry, not started yet.
    pub fn push(&self, to: &str) -> Command {
        let mut command = xtask(&["release", "push", "--to", to, "--from"]);
        command.arg(&self.folder);
        command
    }
}

/// A copy of a build's output, removed when dropped.
#[derive(Debug)]
pub struct CopiedArtifacts {
    artifacts: Artifacts,
    _folder: TempDir,
}

impl Deref for CopiedArtifacts {
    type Target = Artifacts;

    fn deref(&self) -> &Artifacts {
        &self.artifacts
    }
}

/// A call of `cargo xtask` in this checkout.
pub fn xtask(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).arg("xtask").args(words);
    command
}

/// All that a program printed.
pub fn both_streams(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
