//! Standard output and standard error of CMD: the agent's own, or masked on their way to them.

use std::io;
use std::process::{Command, Stdio};

use super::reaper::Process;
use crate::agent::mask::{Masks, Pump};

/// The place that CMD writes to.
pub(crate) enum Output {
    /// The agent's own output, without the agent.
    Inherited,
    /// Through the agent, which masks secrets.
    Masked {
        masks: Masks,
        /// One for each stream, of the last process.
        pumps: Vec<Pump>,
    },
}

impl Output {
    pub(crate) fn masked(masks: Masks) -> Self {
        Self::Masked { masks, pumps: Vec::new() }
    }

    /// Sets the streams of `command`.
    pub(super) fn prepare(&self, command: &mut Command) {
        if let Self::Masked { .. } = self {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        }
    }

    /// Begins to pass on what `process` writes, after all that the process before it wrote.
    pub(super) fn connect(&mut self, process: &mut Process) -> io::Result<()> {
        let Self::Masked { masks, pumps } = self else { return Ok(()) };
        let mut before = std::mem::take(pumps).into_iter();
        if let Some(stdout) = process.stdout.take() {
            pumps.push(Pump::start(stdout.into(), io::stdout(), masks.clone(), before.next())?);
        }
        if let Some(stderr) = process.stderr.take() {
            pumps.push(Pump::start(stderr.into(), io::stderr(), masks.clone(), before.next())?);
        }
        Ok(())
    }

    /// Marks the end of the process: what it wrote is still passed on, and nothing after that.
    pub(super) fn ended(&mut self) {
        if let Self::Masked { pumps, .. } = self {
            pumps.iter_mut().for_each(Pump::process_ended);
        }
    }

    /// Waits until all that was written has been passed on.
    pub(super) async fn finished(&mut self) {
        if let Self::Masked { pumps, .. } = self {
            for pump in pumps {
                pump.finished().await;
            }
        }
    }
}
