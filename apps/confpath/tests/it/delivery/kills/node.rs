//! A node whose inotify limits are used up: a user namespace, which has limits of its own (user_namespaces(7)).

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Takes a line with both limits at a time, and answers `done`.
const SETTER: &str = r"while read -r instances watches; do
    echo $instances > /proc/sys/user/max_inotify_instances && echo $watches > /proc/sys/user/max_inotify_watches && echo done || exit
done";

/// Room for watchers (inotify instances) and for what each of them watches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    pub(super) instances: u32,
    pub(super) watches: u32,
}

impl Limits {
    pub(super) const AMPLE: Self = Self { instances: 128, watches: 8192 };

    /// True if nothing can be watched.
    pub(super) fn are_used_up(self) -> bool {
        self.instances == 0 || self.watches == 0
    }
}

/// The namespace, which ends with the value.
pub(super) struct Node {
    shell: Child,
    answers: BufReader<ChildStdout>,
}

impl Node {
    /// Makes the namespace; `None` where this user may not.
    pub(super) fn start() -> Option<Self> {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "sh", "-c", SETTER]);
        let mut shell =
            unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let answers = BufReader::new(shell.stdout.take().unwrap());
        let mut node = Self { shell, answers };
        node.try_set(Limits::AMPLE).then_some(node)
    }

    /// Sets the limits. Watchers that are there stay.
    pub(super) fn set(&mut self, limits: Limits) {
        assert!(self.try_set(limits), "{limits:?}");
    }

    fn try_set(&mut self, limits: Limits) -> bool {
        let mut answer = String::new();
        let stdin = self.shell.stdin.as_mut().unwrap();
        let is_asked = writeln!(stdin, "{} {}", limits.instances, limits.watches).is_ok();
        is_asked && self.answers.read_line(&mut answer).is_ok() && answer == "done\n"
    }

    /// The command, as a process of this namespace. The process is the command's own: `nsenter` becomes it.
    pub(super) fn enter(&self, command: &Command) -> Command {
        let mut enter = Command::new("nsenter");
        enter.args(["--user", "--preserve-credentials", "--target", &self.shell.id().to_string(), "--"]);
        enter.arg(command.get_program()).args(command.get_args());
        enter.current_dir(command.get_current_dir().unwrap());
        enter
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
