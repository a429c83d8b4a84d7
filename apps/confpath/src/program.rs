//! Calls of other programs: helm, kubectl, terraform and age, as the search path has them.
//!
//! `tools/kit` calls the pinned tools of this repository in the same shape. It ships with nothing, so this crate does not use it; and its
//! calls have a search path and a progress of their own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, ErrorKind, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use anyhow::{Context as _, Error, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::console::say;

/// Time after which a silent program's supervisor is asked again.
const TICK: Duration = Duration::from_secs(1);

/// Programs that are not on the search path, one sentence for each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub(crate) struct Missing(Vec<String>);

/// Looks for programs on the search path.
///
/// # Errors
/// [`Missing`] with every program that is not there.
pub(crate) fn require(names: &[&str]) -> Result<(), Missing> {
    let missing: Vec<_> =
        names.iter().filter(|name| !is_there(name.as_ref())).map(|name| sentence(name)).collect();
    if missing.is_empty() { Ok(()) } else { Err(Missing(missing)) }
}

fn is_there(program: &OsStr) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn sentence(program: &str) -> String {
    format!("{program} is not on the search path (PATH): install it, or add its folder to PATH")
}

/// One call.
pub(crate) struct Program {
    command: Command,
    shown: String,
    input: Option<Vec<u8>>,
}

impl Program {
    pub(crate) fn new(name: &str) -> Self {
        Self { command: Command::new(name), shown: name.to_owned(), input: None }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&quoted(arg.as_ref()));
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Environment variables are not shown: they are the place for what must not be.
    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Keeps a variable of the caller's environment from the program.
    pub(crate) fn without_env(mut self, key: &str) -> Self {
        self.command.env_remove(key);
        self
    }

    pub(crate) fn directory(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    pub(crate) fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Runs a step: the command is shown, its output only if it fails. Returns standard output.
    ///
    /// # Errors
    /// The program cannot be started, or exits with anything but 0.
    pub(crate) fn run(self) -> Result<String> {
        let shown = self.shown.clone();
        let mut lines = Vec::new();
        let mut stdout = String::new();
        say(format!("$ {shown}"));
        let status = self.execute(
            |line| {
                if line.is_stdout {
                    stdout.push_str(&line.text);
                    stdout.push('\n');
                }
                lines.push(line.text);
            },
            || true,
        )?;
        if !status.success() {
            lines.iter().for_each(|line| say(format!("  | {line}")));
            bail!("`{shown}` failed ({status})");
        }
        Ok(stdout)
    }

    /// Runs a step whose output may not be shown as it is: each line goes to `each` only. About once a second in which the program is
    /// silent `may_go_on` is asked; at the first no the program is told to end (SIGTERM), and may take its time to do so.
    ///
    /// # Errors
    /// The program cannot be started.
    pub(crate) fn supervise(
        self,
        mut each: impl FnMut(&str),
        may_go_on: impl FnMut() -> bool,
    ) -> Result<ExitStatus> {
        say(format!("$ {}", self.shown));
        self.execute(|line| each(&line.text), may_go_on)
    }

    /// Asks a question: nothing is shown, since it changes nothing. Returns standard output.
    ///
    /// # Errors
    /// The program cannot be started, or exits with anything but 0; the message has what it printed to standard error.
    pub(crate) fn ask(self) -> Result<String> {
        self.ask_tolerating(0)
    }

    /// The same of a program that has an answer when it exits with `code`, too.
    pub(crate) fn ask_tolerating(mut self, code: i32) -> Result<String> {
        let mut child = self.spawn()?;
        let shown = self.shown;
        let stderr = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut said = Vec::new();
                // What was read before an error is still worth telling.
                let _ = stderr.read_to_end(&mut said);
                said
            })
        });
        let mut stdout = Vec::new();
        if let Some(mut source) = child.stdout.take() {
            source.read_to_end(&mut stdout).with_context(|| format!("cannot read what `{shown}` prints"))?;
        }
        let status = child.wait()?;
        if !status.success() && status.code() != Some(code) {
            let said = stderr.and_then(|reader| reader.join().ok()).unwrap_or_default();
            bail!("`{shown}` failed ({status}): {}", String::from_utf8_lossy(&said).trim());
        }
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    }

    /// Starts a program that runs until it is ended, and returns its lines as they come.
    ///
    /// # Errors
    /// The program cannot be started.
    pub(crate) fn start(mut self) -> Result<(Child, Receiver<Line>)> {
        let mut child = self.spawn()?;
        let lines = read_lines(&mut child);
        Ok((child, lines))
    }

    fn spawn(&mut self) -> Result<Child> {
        let stdin = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(|error| {
            let program = self.command.get_program();
            // A folder to work in that is gone is not found either.
            if error.kind() == ErrorKind::NotFound && !is_there(program) {
                return Error::new(Missing(vec![sentence(&program.to_string_lossy())]));
            }
            Error::new(error).context(format!("cannot run `{}`", self.shown))
        })?;
        if let (Some(text), Some(mut stdin)) = (self.input.take(), child.stdin.take()) {
            std::thread::spawn(move || stdin.write_all(&text));
        }
        Ok(child)
    }

    fn execute(
        mut self,
        mut each: impl FnMut(Line),
        mut may_go_on: impl FnMut() -> bool,
    ) -> Result<ExitStatus> {
        let mut child = self.spawn()?;
        let lines = read_lines(&mut child);
        let mut is_told_to_end = false;
        loop {
            match lines.recv_timeout(TICK) {
                Ok(line) => each(line),
                Err(RecvTimeoutError::Timeout) if !is_told_to_end && !may_go_on() => {
                    is_told_to_end = true;
                    terminate(&child)?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(child.wait()?)
    }
}

/// One line of a program's output.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) is_stdout: bool,
}

fn terminate(child: &Child) -> Result<()> {
    let process =
        i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a process without an id")?;
    kill_process(process, Signal::TERM).context("cannot end the program")
}

fn read_lines(child: &mut Child) -> Receiver<Line> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        forward_lines(stdout, true, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward_lines(stderr, false, sender);
    }
    receiver
}

fn forward_lines(source: impl Read + Send + 'static, is_stdout: bool, sender: Sender<Line>) {
    std::thread::spawn(move || {
        for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            if sender.send(Line { text, is_stdout }).is_err() {
                return;
            }
        }
    });
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
        assert_eq!(Program::new("sh").args(["-c", "echo it's $HOME"]).shown, r"sh -c 'echo it'\''s $HOME'");
        assert_eq!(quoted(OsStr::new("")), "''");
    }

    #[test]
    fn stdout_is_returned_without_stderr() {
        let both = || Program::new("sh").args(["-c", "echo out; echo err >&2"]);
        assert_eq!((both().run().unwrap().as_str(), both().ask().unwrap().as_str()), ("out\n", "out\n"));
    }

    #[test]
    fn a_failure_names_the_command_and_its_status() {
        let failing = || Program::new("sh").args(["-c", "echo why >&2; exit 3"]);
        let error = failing().run().unwrap_err().to_string();
        assert_eq!(error, "`sh -c 'echo why >&2; exit 3'` failed (exit status: 3)");
        assert!(failing().ask().unwrap_err().to_string().ends_with(": why"));
        assert_eq!(failing().ask_tolerating(3).unwrap(), "");
    }

    #[test]
    fn stopped_program_is_read_to_its_end() {
        let script = "trap 'echo undone; exit 9' TERM; while :; do sleep 0.1; done";
        let mut said = Vec::new();
        let status =
            Program::new("sh").args(["-c", script]).supervise(|line| said.push(line.to_owned()), || false);
        assert_eq!((status.unwrap().code(), said), (Some(9), vec!["undone".to_owned()]));
    }

    #[test]
    fn input_larger_than_a_pipe_does_not_block() {
        let stdout = Program::new("cat").input("x".repeat(1 << 20)).ask().unwrap();
        assert_eq!(stdout.len(), 1 << 20);
    }

    #[test]
    fn every_missing_program_is_named() {
        let error = require(&["sh", "no-such-program", "nor-this"]).unwrap_err().to_string();
        let lines: Vec<_> = error.lines().collect();
        assert_eq!(lines.len(), 2, "{error}");
        assert!(lines[0].starts_with("no-such-program is not on the search path (PATH)"), "{error}");
        let error = Program::new("no-such-program").ask().unwrap_err();
        assert!(error.is::<Missing>(), "{error:#}");
    }
}
