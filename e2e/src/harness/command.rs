//! Programs as a person would call them: kubectl, Helm, curl, or whole lines given to a shell.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

/// Output and exit code of a program.
#[derive(Debug)]
pub struct Outcome {
    /// `None` if a signal ended the program.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Its stdout; fails the test with both streams when it did not exit with 0.
    #[track_caller]
    pub fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self.stdout
    }

    /// Its stderr; fails the test when it did not exit with `code`.
    #[track_caller]
    pub fn refused_with(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self.stderr
    }
}

/// Runs to the end with `input` on stdin.
pub async fn run(mut command: Command, input: &str) -> Outcome {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    if let Some(mut pipe) = child.stdin.take() {
        // A program that does not read its input closes the pipe, which is no fault.
        pipe.write_all(input.as_bytes()).await.ok();
    }
    let output = child.wait_with_output().await.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A program that runs until this is dropped.
pub struct Background {
    _child: Child,
    /// The line by which the program announced that it was ready.
    pub announced: String,
}

impl Background {
    /// Starts a program and returns once a line of its stdout starts with `announcement`.
    pub async fn start(mut command: Command, announcement: &str) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let Some(stdout) = child.stdout.take() else { panic!("{command:?} has no stdout") };
        let mut lines = BufReader::new(stdout).lines();
        let announced = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with(announcement) {
                    return Some(line);
                }
            }
            None
        };
        let announced = match tokio::time::timeout(super::wait::DEADLINE, announced).await {
            Ok(Some(line)) => line,
            Ok(None) => panic!("{command:?} ended before it said {announcement:?}"),
            Err(_) => panic!("{command:?} has not said {announcement:?}"),
        };
        // The pipe stays open and is read on, since a program that cannot write may end.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { _child: child, announced }
    }
}
