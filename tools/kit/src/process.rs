//! Running other programs: shown before they run, with progress while they run and their output when they fail.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cache;
use crate::ui::{self, Progress};

/// A variable in the environment of every program.
static GIVEN_TO_ALL: OnceLock<(&str, OsString)> = OnceLock::new();

const TICK: Duration = Duration::from_secs(1);

/// Gives a variable to all programs that are started from now on. Only the first call counts.
pub(crate) fn give_to_all(name: &'static str, value: OsString) {
    GIVEN_TO_ALL.get_or_init(|| (name, value));
}

/// One program call. Its search path starts with the folders of the pinned tools.
pub struct Cmd {
    command: Command,
    shown: String,
    input: Option<Vec<u8>>,
}

impl Cmd {
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program.as_ref());
        command.env("PATH", search_path());
        if let Some((name, value)) = GIVEN_TO_ALL.get() {
            command.env(name, value);
        }
        Self { command, shown: quoted(program.as_ref()), input: None }
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&quoted(arg.as_ref()));
        self.command.arg(arg);
        self
    }

    pub fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Environment variables are not shown: they are the place for what must not be.
    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Keeps a variable of the caller's environment from the program.
    pub fn without_env(mut self, key: &str) -> Self {
        self.command.env_remove(key);
        self
    }

    pub fn directory(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    pub fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Runs a step of a task: shown, its output kept back and printed only when it fails. Returns its stdout.
    ///
    /// # Errors
    /// When the program cannot be started or exits with anything but 0.
    pub fn run(self) -> Result<String> {
        self.run_tolerating(&[])
    }

    /// The same of a program that has an answer when it exits with one of `codes`, too.
    pub fn run_tolerating(self, codes: &[i32]) -> Result<String> {
        let shown = self.shown.clone();
        let captured = self.capture()?;
        if captured.code.is_some_and(|code| code == 0 || codes.contains(&code)) {
            return Ok(captured.stdout);
        }
        captured.lines.iter().for_each(|line| ui::say(format!("  | {line}")));
        bail!("`{shown}` failed ({})", captured.status);
    }

    /// Runs a step whose output the caller judges, whatever it exits with: the command is shown, its output is not.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn capture(self) -> Result<Captured> {
        ui::say(format!("$ {}", self.shown));
        let mut lines = Vec::new();
        let (status, stdout) = self.execute(|line| lines.push(line.to_owned()))?;
        Ok(Captured { code: status.code(), status, stdout, lines })
    }

    /// Runs a step whose output is what the caller wants to see, and hands each line to `each` as well.
    pub fn stream(self, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
        ui::say(format!("$ {}", self.shown));
        let (status, _) = self.execute(|line| {
            ui::say(line);
            each(line);
        })?;
        Ok(status)
    }

    /// Runs a program that talks to the caller itself: it has this process's input and output. The command is not shown.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn pass_through(mut self) -> Result<ExitStatus> {
        self.command.status().with_context(|| format!("cannot run `{}`", self.shown))
    }

    /// Asks a question of the machine: not shown, since it changes nothing. Returns stdout.
    ///
    /// # Errors
    /// Like [`Cmd::run`]; the message carries what the program said on stderr.
    pub fn ask(self) -> Result<String> {
        self.ask_tolerating(0)
    }

    /// The same of a program that has an answer when it exits with `code`, too.
    pub fn ask_tolerating(mut self, code: i32) -> Result<String> {
        self.command.stdin(Stdio::null());
        let output = self.command.output().with_context(|| format!("cannot run `{}`", self.shown))?;
        if !output.status.success() && output.status.code() != Some(code) {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{}` failed ({}): {}", self.shown, output.status, said.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Returns true if the program exists and exits with 0.
    pub fn succeeds(self) -> bool {
        self.ask().is_ok()
    }

    /// Starts a program that outlives this task, in a session of its own and with its output in `log`.
    pub fn daemon(mut self, log: &Path) -> Result<Child> {
        let file = std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        self.command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        self.command.spawn().with_context(|| format!("cannot run `{}`", self.shown))
    }

    fn execute(mut self, mut each: impl FnMut(&str)) -> Result<(ExitStatus, String)> {
        let started = Instant::now();
        let stdin = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().with_context(|| format!("cannot run `{}`", self.shown))?;
        if let (Some(text), Some(mut stdin)) = (self.input, child.stdin.take()) {
            std::thread::spawn(move || stdin.write_all(&text));
        }
        let lines = read_lines(&mut child);
        let mut stdout = String::new();
        let mut progress = Progress::new(self.shown);
        loop {
            match lines.recv_timeout(TICK) {
                Ok(Line { text, from_stdout }) => {
                    each(&text);
                    if from_stdout {
                        stdout.push_str(&text);
                        stdout.push('\n');
                    }
                }
                Err(RecvTimeoutError::Timeout) => progress.tick(started.elapsed()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok((child.wait()?, stdout))
    }
}

/// The outcome and the output of a program.
pub struct Captured {
    pub status: ExitStatus,
    /// Nothing where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    /// Lines of stdout and stderr, in the order of their arrival.
    pub lines: Vec<String>,
}

struct Line {
    text: String,
    from_stdout: bool,
}

fn read_lines(child: &mut Child) -> mpsc::Receiver<Line> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        forward_lines(stdout, true, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward_lines(stderr, false, sender);
    }
    receiver
}

fn forward_lines(source: impl std::io::Read + Send + 'static, from_stdout: bool, sender: Sender<Line>) {
    std::thread::spawn(move || {
        for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            if sender.send(Line { text, from_stdout }).is_err() {
                return;
            }
        }
    });
}

/// The pinned tools first, then the caller's path, then the folders of administration tools that a plain user's
/// path leaves out.
fn search_path() -> OsString {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let folders = cache::folders().iter().cloned().chain(std::env::split_paths(&inherited)).chain(system);
    std::env::join_paths(folders).unwrap_or(inherited)
}

/// Quotes a word for a shell, so that a printed line can be copied.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_command_can_be_pasted_into_a_shell() {
        assert_eq!(Cmd::new("sh").args(["-c", "echo it's $HOME"]).shown, r"sh -c 'echo it'\''s $HOME'");
        assert_eq!(quoted(OsStr::new("")), "''");
    }

    #[test]
    fn stdout_is_returned_without_stderr() {
        let stdout = Cmd::new("sh").args(["-c", "echo out; echo err >&2"]).run().unwrap();
        assert_eq!(stdout, "out\n");
    }

    #[test]
    fn a_failure_names_the_command_and_its_status() {
        let error = Cmd::new("sh").args(["-c", "exit 3"]).run().unwrap_err().to_string();
        assert_eq!(error, "`sh -c 'exit 3'` failed (exit status: 3)");
    }

    #[test]
    fn input_larger_than_a_pipe_does_not_block() {
        let stdout = Cmd::new("cat").input("x".repeat(1 << 20)).run().unwrap();
        assert_eq!(stdout.len(), (1 << 20) + 1);
    }
}
