//! Where stop signals come from: the operating system, or a [`Trigger`] in the hands of a test.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// The stop signals a server listens to: the first begins the drain, the second aborts it.
#[derive(Debug)]
pub struct Signals(mpsc::UnboundedReceiver<&'static str>);

/// Sends stop signals by hand; dropping it means that no more will come.
#[derive(Clone, Debug)]
pub struct Trigger(mpsc::UnboundedSender<&'static str>);

/// The drain was ended by a second stop signal; requests in flight were cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped by a second {signal} before the drain was over")]
pub struct Aborted {
    /// Name of the second signal.
    pub signal: &'static str,
}

/// SIGTERM and SIGINT of this process, from now on.
///
/// # Errors
/// When the operating system refuses the handlers.
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

/// Signals that come from the returned trigger.
#[must_use]
pub fn channel() -> (Trigger, Signals) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Trigger(sender), Signals(receiver))
}

impl Trigger {
    /// Sends one stop signal under the given name; nothing happens when nobody listens any more.
    pub fn send(&self, name: &'static str) {
        let _ = self.0.send(name);
    }
}

impl Signals {
    /// Waits for the next signal and returns its name; for ever when no more can come.
    pub async fn next(&mut self) -> &'static str {
        match self.0.recv().await {
            Some(name) => name,
            None => std::future::pending().await,
        }
    }
}
