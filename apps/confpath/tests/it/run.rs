//! `confpath run` around real children: what reaches them, what they leave, and what they may not print.

mod exit;
mod mask;
mod orphans;
mod signals;
mod stop;
mod terminal;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use test_support::wait;

use crate::{MARKED, Scene};

/// For a machine under load.
const PATIENCE: Duration = Duration::from_secs(60);

/// Prints `ready`, and then the name of each signal of its arguments. `+NAME` ends it with exit code 7.
const RECORDER: &str = r#"
import os, signal, sys
ending = {int(getattr(signal, "SIG" + name[1:])) for name in sys.argv[1:] if name[0] == "+"}
def got(number, frame):
    # By one write, since others write to the same pipe.
    os.write(1, f"{signal.Signals(number).name}\n".encode())
    if number in ending:
        sys.exit(7)
for name in sys.argv[1:]:
    signal.signal(getattr(signal, "SIG" + name.lstrip("+")), got)
print("ready", flush=True)
while True:
    signal.pause()
"#;

/// Flags of the agent in a scene.
const AGENT: [&str; 7] = ["run", "--contract", "contract.json", "--config-dir", "mount", "--out", "out"];

/// A scene with a valid configuration.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("mount/config/PORT", "8080");
    scene.write("mount/secrets/TOKEN", MARKED);
    scene
}

/// The command `confpath run` with `flags`, separated by blanks, around `child`.
fn agent(scene: &Scene, flags: &str, child: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_confpath"));
    command.current_dir(scene.path());
    command.args(AGENT).args(flags.split_whitespace()).arg("--").args(child);
    command
}

/// Standard error without the lines of the agent's own log.
fn without_log(stderr: &[u8]) -> String {
    let text = std::str::from_utf8(stderr).unwrap();
    text.split_inclusive('\n').filter(|line| !line.contains(r#""target":"lifecycle""#)).collect()
}

/// An agent that runs, and the lines on its standard output. It is killed at the end of the test.
struct Running {
    agent: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        Self::start_with(&mut command)
    }

    fn start_with(command: &mut Command) -> Self {
        let mut agent = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(agent.stdout.take().unwrap());
        let (sender, lines) = channel();
        // The thread ends with the output, or with the test.
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { agent, lines }
    }

    /// Starts an agent whose output nobody reads.
    fn start_silent(command: &mut Command) -> Self {
        let agent = command.stdout(Stdio::null()).spawn().unwrap();
        let (_, lines) = channel();
        Self { agent, lines }
    }

    /// Starts the recorder of `signals` and waits until it is ready.
    fn recorder(scene: &Scene, flags: &str, signals: &[&str]) -> Self {
        let child = [&["python3", "-c", RECORDER][..], signals].concat();
        let running = Self::start(agent(scene, flags, &child));
        assert_eq!(running.line(), "ready");
        running
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// The lines up to the end of the output.
    fn rest(&self) -> Vec<String> {
        std::iter::from_fn(|| self.lines.recv_timeout(PATIENCE).ok()).collect()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.agent)
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        wait::until_true(PATIENCE, "the end of the agent", || {
            status = self.agent.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    fn code(&mut self) -> i32 {
        self.ended().code().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

/// One process, as the kernel lists it.
#[derive(Debug)]
struct Listed {
    pid: i32,
    parent: i32,
    /// `Z` for one that has ended and is not reaped, `T` for a stopped one.
    state: String,
}

/// Reads one process; `None` if it does not exist.
fn listed(pid: i32) -> Option<Listed> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may contain blanks and brackets.
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    Some(Listed { pid, state: fields.next()?.into(), parent: fields.next()?.parse().ok()? })
}

fn children(parent: i32) -> Vec<Listed> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(listed).filter(|process| process.parent == parent).collect()
}

fn wait_for_state(pid: i32, state: &str) {
    let look = || listed(pid).map(|process| process.state);
    wait::until(PATIENCE, &format!("process {pid} in state {state}"), look, |seen| {
        seen.as_deref() == Some(state)
    });
}

fn wait_for_end(pid: i32) {
    let look = || listed(pid).map(|process| process.state);
    let is_over = |seen: &Option<String>| seen.as_deref().is_none_or(|state| state == "Z" || state == "X");
    wait::until(PATIENCE, &format!("the end of process {pid}"), look, is_over);
}
