//! Stop signals, from the operating system or from the [`Trigger`] of a test.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Stop signals of a server: the first begins the drain, the second aborts it.
#[derive(Debug)]
pub struct Signals(mpsc::UnboundedReceiver<&'static str>);

/// Sender of stop signals; once it is dropped, no more will come.
#[derive(Clone, Debug)]
pub struct Trigger(mpsc::UnboundedSender<&'static str>);

/// Error of a drain that a second stop signal aborted; requests in flight were cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a second {signal} aborted the drain: requests in flight were cut")]
pub struct Aborted {
    /// Name of the second signal.
    pub signal: &'static str,
}

/// Handles SIGTERM and SIGINT of this process from now on.
///
/// # Errors
/// Error of the operating system if it rejects the handlers.
///
/// # Panics
/// Outside a Tokio runtime.
pub fn signals() -> io::Result<Signals> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (trigger, signals) = channel();
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            trigger.send(name);
        }
    });
    Ok(signals)
}

/// Returns a trigger, and the signals that it sends.
#[must_use]
pub fn channel() -> (Trigger, Signals) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Trigger(sender), Signals(receiver))
}

impl Trigger {
    /// Sends one stop signal of the given name. Has no effect if no server is left.
    pub fn send(&self, name: &'static str) {
        let _ = self.0.send(name);
    }
}

impl Signals {
    /// Waits for the next signal and returns its name; never returns if no more can come.
    pub async fn next(&mut self) -> &'static str {
        match self.0.recv().await {
            Some(name) => name,
            None => std::future::pending().await,
        }
    }
}
