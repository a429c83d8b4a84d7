//! The agent on a terminal, which `script` makes.

use std::io::Write as _;
use std::process::{ChildStdin, Command, Stdio};

use super::{AGENT, RECORDER, Running, scene};
use crate::Scene;

/// A terminal with a program in it. What is written to `keys` is typed.
struct Terminal {
    running: Running,
    keys: ChildStdin,
}

impl Terminal {
    /// Opens a terminal in which a shell runs `line`; `$CONFPATH` begins a call of the agent, `$RECORDER` is the recorder.
    fn open(scene: &Scene, line: &str) -> Self {
        let mut command = Command::new("script");
        command.current_dir(scene.path()).args([
            "--quiet",
            "--flush",
            "--return",
            "--command",
            line,
            "/dev/null",
        ]);
        let binary = env!("CARGO_BIN_EXE_confpath");
        command.env("CONFPATH", format!("{binary} {}", AGENT.join(" ")));
        command.env("RECORDER", RECORDER).env("SHELL", "/bin/sh").stdin(Stdio::piped());
        let mut running = Running::start(command);
        let keys = running.agent.stdin.take().unwrap();
        Self { running, keys }
    }

    fn key(&mut self, key: u8) {
        self.keys.write_all(&[key]).unwrap();
    }

    /// Reads lines until one ends with `text`; a terminal shows keys too.
    fn shows(&self, text: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            let line = self.running.line();
            if line.trim_end().ends_with(text) {
                return before;
            }
            before.push(line);
        }
    }
}

const CTRL_C: u8 = 3;
const CTRL_Z: u8 = 26;

#[test]
fn ctrl_c_reaches_the_child_once() {
    let scene = scene();
    for flags in ["", "--signal-group"] {
        let line = format!("exec $CONFPATH {flags} -- python3 -c \"$RECORDER\" INT +USR1");
        let mut terminal = Terminal::open(&scene, &line);
        terminal.shows("ready");
        terminal.key(CTRL_C);
        terminal.shows("SIGINT");
        let agent = super::children(terminal.running.pid().as_raw_nonzero().get())[0].pid;
        let agent = rustix::process::Pid::from_raw(agent).unwrap();
        rustix::process::kill_process(agent, rustix::process::Signal::USR1).unwrap();
        let between = terminal.shows("SIGUSR1");
        assert!(between.iter().all(|line| !line.contains("SIGINT")), "{flags}: {between:?}");
        // A program that goes on after Ctrl-C is not stopped by the agent either.
        assert_eq!(terminal.running.code(), 7, "{flags}");
    }
}

#[test]
fn interrupt_by_kill_reaches_a_terminals_child() {
    let scene = scene();
    let line = "exec $CONFPATH -- python3 -c \"$RECORDER\" +INT";
    let mut terminal = Terminal::open(&scene, line);
    terminal.shows("ready");
    let agent = super::children(terminal.running.pid().as_raw_nonzero().get())[0].pid;
    let agent = rustix::process::Pid::from_raw(agent).unwrap();
    rustix::process::kill_process(agent, rustix::process::Signal::INT).unwrap();
    terminal.shows("SIGINT");
    assert_eq!(terminal.running.code(), 7);
}

#[test]
fn ctrl_z_and_fg_stop_and_continue_both() {
    let scene = scene();
    // Job control, as in a shell that someone types into.
    let line = "set -m; $CONFPATH -- python3 -c \"$RECORDER\" CONT +QUIT; echo stopped; fg; echo code $?";
    let mut terminal = Terminal::open(&scene, line);
    terminal.shows("ready");
    terminal.key(CTRL_Z);
    terminal.shows("stopped");
    terminal.shows("SIGCONT");
    terminal.key(28);
    terminal.shows("SIGQUIT");
    terminal.shows("code 7");
}

#[test]
fn child_reads_from_the_terminal() {
    let scene = scene();
    let line = "exec $CONFPATH -- sh -c 'echo name; read name; echo hello $name'";
    let mut terminal = Terminal::open(&scene, line);
    terminal.shows("name");
    terminal.keys.write_all(b"world\n").unwrap();
    terminal.shows("hello world");
    assert_eq!(terminal.running.code(), 0);
}
