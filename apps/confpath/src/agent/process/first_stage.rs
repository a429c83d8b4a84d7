//! The first stage of a process: this program again, which binds its life to the agent's and then becomes the command.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::SigSet;
use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

use super::exit::{Exit, NOT_EXECUTABLE, NOT_FOUND};

/// This program, whatever has become of its file.
const SELF: &str = "/proc/self/exe";

/// The word by which the agent calls the first stage.
const NAME: &str = "first-stage";

/// A command that is killed when the agent ends, whatever ends the agent. A command that changes its user loses this.
pub(crate) fn command<A: AsRef<OsStr>>(program: &OsStr, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(SELF);
    command.arg0("confpath").arg(NAME).arg(getpid().as_raw_nonzero().to_string());
    command.arg("--").arg(program).args(arguments);
    command
}

/// A call of this program by the agent. The command line is read by hand: CMD waits for it at each start.
pub(crate) struct FirstStage<'a> {
    agent: i32,
    program: &'a OsStr,
    arguments: &'a [OsString],
}

impl<'a> FirstStage<'a> {
    /// Returns the call that a whole command line is, as [`command`] writes it.
    pub(crate) fn of(line: &'a [OsString]) -> Option<Self> {
        let [_, name, agent, separator, program, arguments @ ..] = line else { return None };
        let agent = agent.to_str()?.parse().ok()?;
        (name == NAME && separator == "--").then_some(Self { agent, program, arguments })
    }

    /// Becomes the command; returns the exit code only if that fails.
    pub(crate) fn run(&self) -> u8 {
        match begin(self.agent).and_then(|is_bound| is_bound.then(|| self.become_command()).transpose()) {
            Ok(Some(never)) => match never {},
            // The agent ended before its death could be a signal.
            Ok(None) => Exit::Signal(u8::try_from(Signal::KILL.as_raw()).unwrap_or_default()).code(),
            Err(error) => {
                // Nothing is left to do where even stderr is closed.
                let _ = writeln!(
                    io::stderr(),
                    "confpath: cannot start {}: {}",
                    self.program.display(),
                    reason(self.program, &error)
                );
                if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE }
            }
        }
    }

    fn become_command(&self) -> io::Result<Never> {
        Err(Command::new(self.program).args(self.arguments).exec())
    }
}

/// Binds the life of this process to the agent's and gives signals their way; false if the agent has ended.
fn begin(agent: i32) -> io::Result<bool> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    SigSet::all().thread_unblock()?;
    Ok(getppid().is_some_and(|parent| parent.as_raw_nonzero().get() == agent))
}

enum Never {}

fn reason(program: &OsStr, error: &io::Error) -> String {
    let is_path = program.as_encoded_bytes().contains(&b'/');
    if error.kind() != ErrorKind::NotFound {
        error.to_string()
    } else if is_path && Path::new(program).exists() {
        "the interpreter or loader that it names does not exist; install it in the image".into()
    } else {
        "it does not exist; give its path, or add its folder to PATH".into()
    }
}
