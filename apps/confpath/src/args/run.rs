//! Flags of `confpath run`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::delivery::DeliveryArgs;

/// Contract, configuration and command of the agent.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct RunArgs {
    /// The contract: a JSON Schema of one flat object
    #[arg(long, value_name = "FILE")]
    pub(crate) contract: PathBuf,
    /// Directory with one file a setting, directly or in config/ and secrets/
    #[arg(long, value_name = "DIR")]
    pub(crate) config_dir: PathBuf,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// Send signals to the process group of CMD instead of CMD alone
    #[arg(long)]
    pub(crate) signal_group: bool,
    /// Time for CMD to end after SIGTERM or SIGINT; then it is killed
    #[arg(long, value_name = "DURATION", default_value = "25s", value_parser = chassis::duration)]
    pub(crate) stop_timeout: Duration,
    /// Replace secrets in what CMD writes to standard output and standard error by ********
    #[arg(long)]
    pub(crate) mask_output: bool,
    /// The command and its arguments; none in a sidecar
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}
