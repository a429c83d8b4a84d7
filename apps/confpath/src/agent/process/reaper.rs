//! The one place that waits for processes: children of the agent, and orphans that the kernel gives it.

use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::process::{ChildStderr, ChildStdout, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, set_child_subreaper, wait,
};
use tokio::sync::watch;

use super::exit::Exit;

type Running = HashMap<Pid, watch::Sender<Option<Exit>>>;

/// Processes that the agent has started. Clones are handles of the same ones.
#[derive(Clone, Default)]
pub(crate) struct Processes {
    /// Held while a process is started, signalled or reaped: the number of a process belongs to it until it is reaped.
    running: Arc<Mutex<Running>>,
}

/// A started process.
pub(crate) struct Process {
    pid: Pid,
    processes: Processes,
    ended: watch::Receiver<Option<Exit>>,
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
}

impl Processes {
    /// Becomes the parent of all orphans below this process, as PID 1 is in any case.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(crate) fn adopting_orphans() -> io::Result<Self> {
        set_child_subreaper(Some(getpid()))?;
        Ok(Self::default())
    }

    /// Starts a process. Take `command` from [`super::first_stage::command`] for one that ends with the agent, and call this on the
    /// main thread: the kernel counts the end of the starting thread as the end of the parent.
    ///
    /// # Errors
    /// The process cannot be started.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Process> {
        let mut running = self.lock();
        let mut child = command.spawn()?;
        let number = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = number.ok_or_else(|| io::Error::other("the kernel gave a process no number"))?;
        let (sender, ended) = watch::channel(None);
        running.insert(pid, sender);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        Ok(Process { pid, processes: self.clone(), ended, stdout, stderr })
    }

    /// Reaps every process that has ended, and reports the end of those that were started here.
    pub(super) fn reap(&self) {
        let mut running = self.lock();
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if let Some(exit) = Exit::of(status)
                && let Some(ended) = running.remove(&pid)
            {
                ended.send_replace(Some(exit));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// A second handle, without the streams.
    pub(super) fn another(&self) -> Self {
        let (processes, ended) = (self.processes.clone(), self.ended.clone());
        Self { pid: self.pid, processes, ended, stdout: None, stderr: None }
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) -> Exit {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await.map(|exit| *exit) {
            Ok(Some(exit)) => exit,
            // The sender goes only after it has sent.
            Ok(None) | Err(_) => pending().await,
        }
    }

    /// The end, if it has come.
    pub(crate) fn exit(&self) -> Option<Exit> {
        *self.ended.borrow()
    }

    /// Sends a signal. Has no effect after the end.
    pub(crate) fn signal(&self, signal: Signal) {
        self.while_running(|pid| kill_process(pid, signal));
    }

    /// Sends a signal to the process group that this process leads. Has no effect after the end.
    pub(crate) fn signal_group(&self, signal: Signal) {
        self.while_running(|pid| kill_process_group(pid, signal));
    }

    fn while_running(&self, send: impl FnOnce(Pid) -> rustix::io::Result<()>) {
        let running = self.processes.lock();
        if running.contains_key(&self.pid) {
            // It may have ended, unreaped, or have changed its user: there is nobody to tell.
            let _ = send(self.pid);
        }
    }
}
