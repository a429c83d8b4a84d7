//! Processes below the agent: started so that none outlives it, reaped in one place, signalled, stopped.

mod exit;
pub(crate) mod first_stage;
mod output;
mod reaper;
mod signals;
mod supervisor;
mod terminal;

pub(crate) use exit::{Exit, NOT_EXECUTABLE};
pub(crate) use output::Output;
pub(crate) use reaper::{Process, Processes};
pub(crate) use signals::{Blocked, Signals};
pub(crate) use supervisor::{CmdHandle, Launch, Probation, Stop, Supervisor};
