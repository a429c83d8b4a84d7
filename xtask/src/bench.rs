//! What the service costs: [`size`] on a disk, until it answers, and in memory; [`reload`] to those served meanwhile.

mod client;
mod memory;
mod mount;
mod reload;
mod report;
mod server;
mod size;
mod spread;

use anyhow::Result;
use clap::ValueEnum;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Size of the image and the binary, time to the first answer, and idle memory (needs Linux)
    Size,
    /// Latency under load with and without reloads
    Reload,
}

/// The task `bench`.
///
/// # Errors
/// What is to be measured cannot be built or does not run. A missed aim is no error: it is shown.
pub(crate) fn run(what: What, install: bool) -> Result<()> {
    match what {
        What::Size => size::run(install),
        What::Reload => reload::run(),
    }
}
