//! CMD: started, given the agent's signals, stopped gracefully, started again where that is asked for.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::exit::{Exit, NOT_EXECUTABLE};
use super::output::Output;
use super::reaper::{Process, Processes};
use super::signals::{Received, Signals};
use super::{first_stage, terminal};

/// Two stop signals in this time count as one: `timeout` sends a second one to the process group.
const SAME_SIGNAL: Duration = Duration::from_millis(100);
/// Time for the output of a killed CMD to reach a slow reader.
const LAST_OUTPUT: Duration = Duration::from_secs(1);

/// The command, and variables for it beside the agent's own.
pub(crate) struct Launch {
    /// Program and arguments.
    pub(crate) command: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, OsString)>,
}

/// The way in which CMD is stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    /// Time between the signal and SIGKILL.
    pub(crate) timeout: Duration,
    /// Signals go to CMD's process group.
    pub(crate) is_for_group: bool,
}

/// The one who holds CMD.
pub(crate) struct Supervisor {
    processes: Processes,
    launch: Launch,
    stop: Stop,
    output: Output,
    process: Process,
    /// CMD leads a process group of its own.
    leads_group: bool,
    state: State,
    handle: CmdHandle,
    requests: mpsc::UnboundedReceiver<Request>,
    /// Number of starts so far.
    starts: u64,
    stopping: Arc<Notify>,
}

/// Asks for what is to be done with CMD.
#[derive(Clone)]
pub(crate) struct CmdHandle(mpsc::UnboundedSender<Request>);

enum Request {
    /// Answered with false where CMD has no handler for it.
    Notify(Signal, oneshot::Sender<bool>),
    Restart(Vec<(OsString, OsString)>, oneshot::Sender<io::Result<Probation>>),
    /// The probation after that start is over.
    Settle(u64),
}

enum State {
    /// The end of CMD ends the agent.
    Running,
    /// CMD was started again, and whoever asked for that looks whether it stays.
    OnProbation,
    /// Without `kill_at` SIGKILL has been sent.
    Stopping {
        since: Instant,
        kill_at: Option<Instant>,
    },
    Restarting {
        kill_at: Option<Instant>,
        answer: oneshot::Sender<io::Result<Probation>>,
    },
}

/// CMD after a restart. Its end does not end the agent before this is dropped.
pub(crate) struct Probation {
    pub(crate) process: Process,
    start: u64,
    handle: CmdHandle,
}

impl Drop for Probation {
    fn drop(&mut self) {
        self.handle.send(Request::Settle(self.start));
    }
}

impl CmdHandle {
    /// Sends a signal to CMD, as the agent's own signals go to it, unless CMD has no handler for it: then the signal would end CMD.
    /// Returns true if it was sent.
    pub(crate) async fn notify(&self, signal: Signal) -> bool {
        let (answer, answered) = oneshot::channel();
        self.send(Request::Notify(signal, answer));
        answered.await.unwrap_or_default()
    }

    /// Stops CMD gracefully and starts it with other variables.
    ///
    /// # Errors
    /// CMD cannot be started, or the agent stops.
    pub(crate) async fn restart(&self, environment: Vec<(OsString, OsString)>) -> io::Result<Probation> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::Restart(environment, answer));
        answered.await.unwrap_or_else(|_| Err(io::Error::other("the agent stops")))
    }

    fn send(&self, request: Request) {
        // Nobody listens at the end.
        let _ = self.0.send(request);
    }
}

impl Supervisor {
    /// Starts CMD.
    ///
    /// # Errors
    /// It cannot be started. One that cannot be executed is started, and ends with 126 or 127.
    pub(crate) fn start(
        processes: Processes,
        launch: Launch,
        stop: Stop,
        mut output: Output,
    ) -> io::Result<Self> {
        let leads_group = stop.is_for_group || !terminal::is_in_foreground();
        let process = spawn(&processes, &launch, &mut output, leads_group)?;
        let (sender, requests) = mpsc::unbounded_channel();
        let handle = CmdHandle(sender);
        let state = State::Running;
        let stopping = Arc::default();
        Ok(Self {
            processes,
            launch,
            stop,
            output,
            process,
            leads_group,
            state,
            handle,
            requests,
            starts: 1,
            stopping,
        })
    }

    /// Notified once the agent is asked to stop.
    pub(crate) fn stopping(&self) -> Arc<Notify> {
        Arc::clone(&self.stopping)
    }

    pub(crate) fn handle(&self) -> CmdHandle {
        self.handle.clone()
    }

    /// Holds CMD until it ends for good, and what it wrote is passed on.
    pub(crate) async fn run(mut self, mut signals: Signals) -> Exit {
        let exit = loop {
            let kill_at = self.kill_at();
            tokio::select! {
                exit = self.process.ended(), if !self.is_awaited() => {
                    if let Some(exit) = self.on_end(exit) {
                        break exit;
                    }
                }
                received = signals.next() => self.on_signal(received),
                Some(request) = self.requests.recv() => {
                    if let Some(exit) = self.on_request(request) {
                        break exit;
                    }
                }
                () = at(kill_at) => self.kill(),
            }
        };
        self.deliver_output(&mut signals).await;
        exit
    }

    /// A reader that has stalled holds the agent as it would hold CMD's pipe, up to the next stop signal.
    async fn deliver_output(&mut self, signals: &mut Signals) {
        let give_up_at = match self.state {
            State::Stopping { kill_at, .. } => kill_at.or_else(|| Some(Instant::now() + LAST_OUTPUT)),
            State::Running | State::OnProbation | State::Restarting { .. } => None,
        };
        let stopped = async {
            loop {
                let received = signals.next().await;
                if is_stop(received) {
                    return;
                }
            }
        };
        tokio::select! {
            () = self.output.finished() => {}
            () = stopped => {}
            () = at(give_up_at) => {}
        }
    }

    fn kill_at(&self) -> Option<Instant> {
        match &self.state {
            State::Running | State::OnProbation => None,
            State::Stopping { kill_at, .. } | State::Restarting { kill_at, .. } => *kill_at,
        }
    }

    /// True if CMD has ended on probation: what follows is the asker's decision.
    fn is_awaited(&self) -> bool {
        matches!(self.state, State::OnProbation) && self.process.exit().is_some()
    }

    fn on_end(&mut self, exit: Exit) -> Option<Exit> {
        self.output.ended();
        match std::mem::replace(&mut self.state, State::Running) {
            State::OnProbation => {
                self.state = State::OnProbation;
                None
            }
            State::Restarting { answer, .. } => self.start_again(answer),
            State::Running | State::Stopping { .. } => Some(exit),
        }
    }

    fn on_signal(&mut self, received: Received) {
        if received.is_from_kernel {
            // In the terminal's foreground CMD has had it already. It is the terminal's and no request to stop.
            if self.leads_group {
                self.signal(received.signal);
            }
            return;
        }
        if !is_stop(received) {
            return self.signal(received.signal);
        }
        match self.state {
            State::Stopping { since, .. } if since.elapsed() >= SAME_SIGNAL => self.kill(),
            State::Stopping { .. } => {}
            State::Running | State::OnProbation | State::Restarting { .. } => {
                let since = Instant::now();
                self.state = State::Stopping { since, kill_at: Some(since + self.stop.timeout) };
                self.stopping.notify_one();
                self.signal(received.signal);
            }
        }
    }

    /// Returns the end of the agent if the request leads to it.
    fn on_request(&mut self, request: Request) -> Option<Exit> {
        match (request, &self.state) {
            (Request::Notify(signal, answer), _) => {
                // Which process of a group handles a signal is the group's affair.
                let is_sent = self.stop.is_for_group || handles(self.process.id(), signal);
                if is_sent {
                    self.signal(signal);
                }
                let _ = answer.send(is_sent);
            }
            (Request::Settle(start), State::OnProbation) if start == self.starts => {
                self.state = State::Running;
                return self.process.exit();
            }
            (Request::Restart(environment, answer), State::Running | State::OnProbation) => {
                self.launch.environment = environment;
                if self.process.exit().is_some() {
                    return self.start_again(answer);
                }
                self.state = State::Restarting { kill_at: Some(Instant::now() + self.stop.timeout), answer };
                self.signal(Signal::TERM);
            }
            // Another start has its own probation; whoever asks during a stop learns of it by the answer that never comes.
            (Request::Settle(_) | Request::Restart(..), _) => {}
        }
        None
    }

    fn start_again(&mut self, answer: oneshot::Sender<io::Result<Probation>>) -> Option<Exit> {
        match spawn(&self.processes, &self.launch, &mut self.output, self.leads_group) {
            Ok(process) => {
                self.state = State::OnProbation;
                self.starts += 1;
                let (start, handle) = (self.starts, self.handle.clone());
                let probation = Probation { process: process.another(), start, handle };
                self.process = process;
                // If nobody waits any more, the probation ends by itself.
                let _ = answer.send(Ok(probation));
                None
            }
            Err(error) => {
                let _ = answer.send(Err(error));
                Some(Exit::Code(NOT_EXECUTABLE))
            }
        }
    }

    fn signal(&self, signal: Signal) {
        if self.stop.is_for_group {
            self.process.signal_group(signal);
        } else {
            self.process.signal(signal);
        }
    }

    fn kill(&mut self) {
        self.signal(Signal::KILL);
        if let State::Stopping { kill_at, .. } | State::Restarting { kill_at, .. } = &mut self.state {
            *kill_at = None;
        }
    }
}

/// Returns true if the process has a handler for `signal` (proc_pid_status(5)).
fn handles(process: u32, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or_default();
    u32::try_from(signal.as_raw() - 1).is_ok_and(|bit| caught.checked_shr(bit).unwrap_or_default() & 1 == 1)
}

fn is_stop(received: Received) -> bool {
    !received.is_from_kernel && matches!(received.signal, Signal::TERM | Signal::INT)
}

fn spawn(
    processes: &Processes,
    launch: &Launch,
    output: &mut Output,
    leads_group: bool,
) -> io::Result<Process> {
    let (program, arguments) = launch.command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = first_stage::command(OsStr::new(program), arguments);
    command.envs(launch.environment.iter().map(|(name, value)| (name, value)));
    output.prepare(&mut command);
    if leads_group {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let mut process = processes.spawn(&mut command)?;
    output.connect(&mut process)?;
    Ok(process)
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
