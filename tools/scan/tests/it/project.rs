//! Projects to scan, and what the task says about them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A Git repository that lasts as long as the test.
pub(crate) struct Project {
    folder: TempDir,
}

/// The output of the task on both streams, and its exit code.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Project {
    /// One commit of these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        for (path, content) in files {
            project.write(path, content);
        }
        project.commit();
        project
    }

    /// The checkout's files below some paths, as they are now.
    pub(crate) fn with(below: &[&str]) -> Self {
        let list = ["ls-files", "--cached", "--others", "--exclude-standard", "--"];
        let listed = run(Command::new("git").args(list).args(below).current_dir(checkout()));
        let project = Self::of(&[]);
        for file in listed.lines().filter(|file| checkout().join(file).is_file()) {
            project.write(file, &fs::read_to_string(checkout().join(file)).unwrap());
        }
        project.commit();
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Everything as it is now, also where that is nothing new.
    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&[
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@localhost",
            "-c",
            "commit.gpgsign=false",
            "commit",
            "--quiet",
            "--allow-empty",
            "--message=test",
        ]);
    }

    pub(crate) fn scan(&self, words: &[&str]) -> Output {
        self.scan_in(words, &[])
    }

    /// With variables in the task's environment.
    pub(crate) fn scan_in(&self, words: &[&str], variables: &[(&str, &str)]) -> Output {
        scan(words, self.path(), variables)
    }

    fn git(&self, words: &[&str]) {
        run(Command::new("git").args(words).current_dir(self.path()));
    }
}

pub(crate) fn scan(words: &[&str], tree: &Path, variables: &[(&str, &str)]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_scan"))
        .arg("scan")
        .args(words)
        .arg("--tree")
        .arg(tree)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    Output { code: output.status.code(), text: String::from_utf8_lossy(&text).into_owned() }
}

impl Output {
    #[track_caller]
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.code, Some(0), "{}", self.text);
    }

    /// That there are findings, and one of them at this place under this name.
    #[track_caller]
    pub(crate) fn assert_found(&self, place: &str, rule: &str) {
        assert_eq!(self.code, Some(1), "{}", self.text);
        let found =
            self.text.lines().any(|line| line.contains(place) && line.ends_with(&format!(": {rule}")));
        assert!(found, "{rule} is not found at {place}:\n{}", self.text);
    }

    /// Asserts the number of findings, by the closing line.
    #[track_caller]
    pub(crate) fn assert_number(&self, number: usize) {
        assert!(self.text.contains(&format!("error: {number} findings ")), "{}", self.text);
    }
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
