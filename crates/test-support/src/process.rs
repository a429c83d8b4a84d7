//! The process of a server, from its first file to its last.

use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::wait;

/// Someone else may take a port between its choice and its use, or hold it for a moment after a server's end.
const ATTEMPTS: usize = 5;
/// For a machine under load.
const LONGEST_START: Duration = Duration::from_secs(120);

/// State of a server on its way to being ready.
#[derive(Debug)]
enum Start {
    /// With its output so far.
    Pending(#[expect(dead_code, reason = "shown where the wait expires")] String),
    Ready,
    Ended,
}

/// A folder for a server's files, and the pipe whose end ends the server by `signal`.
pub(crate) fn folder(prefix: &str, signal: &str) -> (PathBuf, ChildStdin) {
    let folder = tempfile::Builder::new().prefix(prefix).tempdir().unwrap().keep();
    let lifeline = reaper(&folder, signal);
    (folder, lifeline)
}

/// Starts a server on a free port of `address`.
pub(crate) fn launch_anywhere(
    folder: &Path,
    address: IpAddr,
    launch: impl Fn(SocketAddr) -> Option<Child>,
) -> (Child, SocketAddr) {
    repeat(folder, || {
        let address = TcpListener::bind((address, 0)).unwrap().local_addr().unwrap();
        launch(address).map(|process| (process, address))
    })
}

/// Repeats the start of the server in `folder` where it ended instead.
pub(crate) fn repeat<T>(folder: &Path, mut launch: impl FnMut() -> Option<T>) -> T {
    let started = (0..ATTEMPTS).find_map(|_| launch());
    started.unwrap_or_else(|| panic!("no start: {}", output(folder)))
}

/// Starts the server in `folder` and waits until it is ready; `None` if it ended instead.
pub(crate) fn launch(
    folder: &Path,
    mut command: Command,
    mut is_ready: impl FnMut() -> bool,
) -> Option<Child> {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).current_dir(folder);
    // In a group of its own, so that a Ctrl-C for the test leaves it to the reaper.
    let mut process = command.process_group(0).spawn().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; `cargo xtask tools --install` installs the servers of the tests")
    });
    fs::write(folder.join("pid"), process.id().to_string()).unwrap();
    let look = || match process.try_wait().unwrap() {
        Some(_) => Start::Ended,
        None if is_ready() => Start::Ready,
        None => Start::Pending(output(folder)),
    };
    let is_decided = |start: &Start| !matches!(start, Start::Pending(_));
    match wait::until(LONGEST_START, "the server to be ready", look, is_decided) {
        Start::Ready => Some(process),
        Start::Pending(_) | Start::Ended => None,
    }
}

/// The output of the server in `folder`, for the message of a failure; empty where there is none.
fn output(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// Waits until the returned pipe is closed, at the latest with this process; then ends the server by `signal` and removes its
/// folder. The process that works in that folder is the server: its number may belong to another process by then, and an ended
/// process stays listed until its exit code is collected.
fn reaper(folder: &Path, signal: &str) -> ChildStdin {
    const SCRIPT: &str = r#"
        serves() { case $(readlink "/proc/$pid/cwd") in "$0"*) ;; *) return 1 ;; esac; }
        cat > /dev/null
        if pid=$(cat "$0/pid") && serves; then kill -s "$1" "$pid"; while serves; do sleep 0.1; done; fi
        rm -rf "$0"
    "#;
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT]).arg(folder).arg(signal).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap().stdin.take().unwrap()
}
