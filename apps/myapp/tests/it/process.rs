//! The binary in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use test_support::http::raw::blocking::get;

use crate::databases::{Kind, borrowed, on_both_databases};
use crate::mount::Mount;

on_both_databases! {
    sigterm_drains_and_exits_with_zero
    a_second_signal_ends_the_drain_at_once
    lifecycle_is_always_logged_requests_from_info_on
}

/// Ports chosen by the system, so that tests can run concurrently.
pub(crate) const PORTS: [&str; 3] =
    ["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--operator-listen=127.0.0.1:0"];

/// Returns the command for the binary, without this process's environment.
pub(crate) fn myapp(arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_myapp"));
    command.args(arguments).env_clear().envs(settings.iter().copied());
    command
}

/// Runs the binary to its end. A process that serves instead of refusing is killed after a minute.
pub(crate) fn run(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = myapp(arguments, settings);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    child.wait_with_output().unwrap()
}

/// Returns the exit code of a process that refused, and its lines on stderr.
pub(crate) fn refusal(arguments: &[&str], settings: &[(&str, &str)]) -> (Option<i32>, Vec<String>) {
    let output = run(arguments, settings);
    let lines = String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect();
    (output.status.code(), lines)
}

/// Time limit for the next line of a log.
const LONGEST_SILENCE: Duration = Duration::from_secs(120);

/// A serving process and the log lines it has written so far.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) log: Vec<String>,
    lines: Receiver<String>,
}

impl Serving {
    /// Starts on the database of `kind`; `settings` override the database's own.
    pub(crate) fn start(kind: &Kind, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let own = kind.settings();
        let mut command = myapp(&PORTS, &[borrowed(&own), settings.to_vec()].concat());
        command.args(arguments).arg("--data-dir").arg(kind.data_directory());
        Self::spawn(command)
    }

    /// Starts with the settings in `mount`, which point to the database of `kind`.
    pub(crate) fn mounted(kind: &Kind, mount: &Mount, arguments: &[&str]) -> Self {
        let mut command = myapp(&PORTS, &[]);
        command.args(arguments).arg(mount.flag()).arg("--data-dir").arg(kind.data_directory());
        Self::spawn(command)
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        // The thread ends with the process, or with the test.
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, log: Vec::new(), lines }
    }

    /// Starts a process that prints other lines before its log, up to a line that begins with `last`.
    pub(crate) fn spawn_after(command: Command, last: &str) -> Self {
        let serving = Self::spawn(command);
        let found = std::iter::from_fn(|| serving.received()).any(|line| line.starts_with(last));
        assert!(found, "the process ended before its log began");
        serving
    }

    /// Returns the log's next line; `None` after the process has ended.
    fn received(&self) -> Option<String> {
        match self.lines.recv_timeout(LONGEST_SILENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the log has stopped: {:#?}", self.log),
        }
    }

    /// Reads the log until a line with that message, and returns the line.
    pub(crate) fn line(&mut self, message: &str) -> Value {
        while let Some(line) = self.received() {
            let value: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            self.log.push(line);
            if value["message"] == message {
                return value;
            }
        }
        panic!("the log ended without {message:?}: {:#?}", self.log);
    }

    /// Returns a line with that message, read already or still to come.
    pub(crate) fn line_at_any_time(&mut self, message: &str) -> Value {
        let read = self.log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found = read.into_iter().find(|line| line["message"] == message);
        found.unwrap_or_else(|| self.line(message))
    }

    /// Reads the log's next line.
    pub(crate) fn next_line(&mut self) -> String {
        let line = self.received().unwrap();
        self.log.push(line.clone());
        line
    }

    /// Returns the addresses of the public, admin and operator listeners.
    pub(crate) fn addresses(&mut self) -> [SocketAddr; 3] {
        ["public", "admin", "operator"].map(|listener| {
            let line = self.line("listening");
            assert_eq!(line["listener"], listener);
            line["address"].as_str().unwrap().parse().unwrap()
        })
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits for the end of the process; returns its status and the rest of the log.
    pub(crate) fn ended(mut self) -> (std::process::ExitStatus, Vec<String>) {
        let rest: Vec<String> = std::iter::from_fn(|| self.received()).collect();
        self.log.extend(rest);
        (self.child.wait().unwrap(), std::mem::take(&mut self.log))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sigterm_drains_and_exits_with_zero(kind: &Kind) {
    let mut serving = Serving::start(kind, &["--drain-min=50ms", "--drain-quiet=10ms"], &[]);
    let [public, ..] = serving.addresses();
    assert_eq!(get(public, "/healthz").status, 200);
    serving.signal("-TERM");
    let (status, log) = serving.ended();
    assert_eq!(status.code(), Some(0), "{log:#?}");
    assert!(log.last().unwrap().contains("\"target\":\"lifecycle\""), "{log:#?}");
}

fn a_second_signal_ends_the_drain_at_once(kind: &Kind) {
    let mut serving = Serving::start(kind, &["--drain-min=60s", "--drain-accept-max=60s"], &[]);
    serving.addresses();
    serving.signal("-TERM");
    let line = serving.line("draining");
    assert_eq!((&line["accepting_for"], &line["finishing_for"]), (&"1m to 1m".into(), &"up to 10s".into()));
    serving.signal("-TERM");
    let (status, _) = serving.ended();
    assert_eq!((status.code(), status.signal()), (Some(1), None));
}

fn lifecycle_is_always_logged_requests_from_info_on(kind: &Kind) {
    for (level, requests) in [("critical", 0), ("error", 0), ("info", 1)] {
        let mut serving =
            Serving::start(kind, &["--drain-min=0s", "--drain-quiet=0s"], &[("LOG_LEVEL", level)]);
        let [public, ..] = serving.addresses();
        assert_eq!(get(public, "/config").status, 200);
        serving.signal("-TERM");
        let (_, log) = serving.ended();
        let of =
            |target: &str| log.iter().filter(|line| line.contains(&format!("\"target\":\"{target}"))).count();
        assert!(of("lifecycle") >= 2, "{log:#?}");
        assert_eq!(
            log.iter().filter(|line| line.contains("\"message\":\"request\"")).count(),
            requests,
            "{level}"
        );
    }
}

#[test]
fn the_help_text_is_the_documented_one() {
    let output = run(&["--help"], &[]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
}

#[test]
fn version_names_commit_and_target() {
    for flag in ["--version", "-V"] {
        let output = run(&[flag], &[]);
        let text = String::from_utf8(output.stdout).unwrap();
        let version = concat!("myapp ", env!("CARGO_PKG_VERSION"), " (");
        let inner = text.strip_prefix(version).and_then(|rest| rest.strip_suffix(")\n"));
        let (commit, target) = inner.and_then(|inner| inner.split_once(", ")).unwrap_or_default();
        // A debug build does not ask Git.
        let expected = if cfg!(debug_assertions) { "commit unknown" } else { commit };
        assert!(!commit.is_empty() && commit == expected, "{text}");
        assert!(
            target.starts_with(std::env::consts::ARCH) && target.contains(std::env::consts::OS),
            "{text}"
        );
    }
}

#[test]
fn check_of_valid_configuration_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let settings = [("HOME", home.path().to_str().unwrap()), ("LOG_LEVEL", "info")];
    let output = run(&["check"], &settings);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "the configuration is valid\n");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn data_directory_defaults_to_user_state_directory() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap();
    let mut serving = Serving::spawn(myapp(&PORTS, &[("HOME", path)]));
    serving.addresses();
    assert!(home.path().join(".local/state/myapp").is_dir());
}

#[test]
fn data_is_closed_to_others_whatever_the_umask() {
    for umask in ["000", "022", "027", "077"] {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("state/data");
        let arguments = PORTS.join(" ");
        let command = format!("umask {umask}; exec {} {arguments}", env!("CARGO_BIN_EXE_myapp"));
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &command]).env_clear().env("MYAPP_DATA_DIR", &data);
        let mut serving = Serving::spawn(shell);
        let [.., operator] = serving.addresses();
        assert_eq!(get(operator, "/config").status, 200, "{umask}");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let files = ["myapp.db", "myapp.db-wal", "myapp.db-shm"].map(|name| mode(&data.join(name)));
        assert_eq!(files, [0o600; 3], "{umask}");
        assert_eq!(mode(&data), 0o700, "{umask}");
        assert_eq!(mode(&home.path().join("state")), 0o700, "{umask}");
    }
}
