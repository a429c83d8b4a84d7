//! The cost of the service: [`size`] on a disk, until it answers, and in memory; [`reload`] for requests during a reload;
//! [`http`] per request, beside other servers; and of [`tool`] and [`agent`], which every service has.

mod agent;
mod args;
mod client;
mod http;
mod memory;
mod mount;
mod processors;
mod reload;
mod report;
mod server;
mod size;
mod spread;
mod stop;
mod tool;

pub use args::Args;

use anyhow::{Result, bail};
use clap::ValueEnum;
use kit::process::Cmd;
use kit::workspace;

/// A kind of measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Size of the image and the binary, time to the first answer, and idle memory (needs Linux)
    Size,
    /// Requests a second, processor time and latency beside bare hyper, nginx and Flask (needs Linux and two processors)
    Http,
    /// Latency under load with and without reloads
    Reload,
    /// Cost of reading the configuration while it changes, and memory over 100 000 reloads
    Live,
    /// Size, start and work of `confpath` (needs Linux)
    Tool,
    /// Size, memory, start, notification and masking of `confpath run`, beside consul-template (needs Linux)
    Agent,
}

/// The library's own benchmark.
fn live() -> Result<()> {
    let bench = Cmd::new("cargo").args(["bench", "--package", "live-config", "--bench", "live"]);
    let status = bench.directory(workspace::root()).stream(|_| {})?;
    if status.success() { Ok(()) } else { bail!("the benchmark failed ({status})") }
}

/// The task `bench`.
///
/// # Errors
/// What is to be measured cannot be built or does not run. A missed aim is shown; it is an error of [`What::Http`] only, whose
/// aims are ratios and so hold on any machine.
pub(crate) fn run(what: What, install: bool, http: &http::Options) -> Result<()> {
    match what {
        What::Size => size::run(install),
        What::Http => http::run(install, http),
        What::Reload => reload::run(),
        What::Live => live(),
        What::Tool => tool::run(),
        What::Agent => agent::run(install),
    }
}
