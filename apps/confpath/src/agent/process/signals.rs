//! Signals of the agent, read from a descriptor: no handler, and none of them lost as PID 1.
//!
//! A signal that the agent was told to ignore (`nohup`) stays ignored in CMD, since no disposition changes.

use std::future::pending;
use std::{io, thread};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal as Named};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::process::Signal;
use rustix_libc_wrappers::process::SignalExt as _;
use tokio::sync::mpsc;

use super::reaper::Processes;

const STACK: usize = 64 * 1024;

/// Not forwarded: faults of the agent itself, and the signals by which a terminal stops it.
const OWN: [Named; 11] = [
    Named::SIGSEGV,
    Named::SIGBUS,
    Named::SIGFPE,
    Named::SIGILL,
    Named::SIGTRAP,
    Named::SIGABRT,
    Named::SIGSYS,
    Named::SIGPIPE,
    Named::SIGTSTP,
    Named::SIGTTIN,
    Named::SIGTTOU,
];

/// Signals that wait until [`Blocked::received`].
pub(crate) struct Blocked(SignalFd);

/// A signal that reached the agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    pub(crate) signal: Signal,
    /// Sent by the kernel: a key of the terminal, its end or its size.
    pub(crate) is_from_kernel: bool,
}

/// The signals to forward, in the order in which they came.
pub(crate) struct Signals(mpsc::UnboundedReceiver<Received>);

impl Blocked {
    /// Lets signals wait from now on, in this thread and those that it starts: call it before any other.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(crate) fn new() -> io::Result<Self> {
        let mut signals = SigSet::all();
        OWN.into_iter().for_each(|signal| signals.remove(signal));
        signals.thread_block()?;
        Ok(Self(SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC)?))
    }

    /// Receives the signals from now on; SIGCHLD has `processes` reaped.
    ///
    /// # Errors
    /// No thread can be started.
    pub(crate) fn received(self, processes: Processes) -> io::Result<Signals> {
        let (sender, signals) = mpsc::unbounded_channel();
        let receive = move || {
            // Children that the agent has from a program which it took the place of.
            processes.reap();
            loop {
                match self.0.read_signal() {
                    Ok(Some(info)) => {
                        let number = i32::try_from(info.ssi_signo).ok();
                        match number.and_then(Signal::from_raw) {
                            Some(Signal::CHILD) => processes.reap(),
                            // Nobody listens at the end.
                            Some(signal) => {
                                let is_from_kernel = info.ssi_code > 0;
                                let _ = sender.send(Received { signal, is_from_kernel });
                            }
                            None => {}
                        }
                    }
                    // Stopped and continued.
                    Ok(None) | Err(Errno::EINTR) => {}
                    Err(_) => return,
                }
            }
        };
        thread::Builder::new().name("signals".into()).stack_size(STACK).spawn(receive)?;
        Ok(Signals(signals))
    }
}

impl Signals {
    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Received {
        match self.0.recv().await {
            Some(received) => received,
            None => pending().await,
        }
    }
}
