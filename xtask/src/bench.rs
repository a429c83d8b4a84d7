//! What the service costs: [`size`] on a disk, until it answers, and in memory.

mod memory;
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
}

/// The task `bench`.
///
/// # Errors
/// What is to be measured cannot be built or does not run. A missed aim is no error: it is shown.
pub(crate) fn run(what: What, install: bool) -> Result<()> {
    match what {
        What::Size => size::run(install),
    }
}
