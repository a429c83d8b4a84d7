//! Flags of `confpath run` about the way in which a service gets its settings.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::hook::{Ack, Endpoint, NotifyHook, PrepareHook};

/// The place of the settings, the hooks of the service, and what is done where a change needs a restart.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct DeliveryArgs {
    /// Directory of the settings as CMD reads them: a volume in memory, below which current/ is the generation in force
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Command that may refuse a change, as a path or as a JSON array of words, or URL on loopback that is posted to
    #[arg(long, value_name = "HOOK")]
    pub(crate) prepare: Option<PrepareHook>,
    /// Time for the answer to --prepare
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = chassis::positive_duration)]
    pub(crate) prepare_timeout: Duration,
    /// Notification of a change: signal:HUP or another signal, or URL on loopback that is posted to
    #[arg(long, value_name = "HOOK")]
    pub(crate) notify: Option<NotifyHook>,
    /// Acknowledgement of a change, without which it is taken back
    #[arg(long, value_name = "HOW", value_enum)]
    pub(crate) ack: Option<Ack>,
    /// Time for the acknowledgement, or for a notification to arrive
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = chassis::positive_duration)]
    pub(crate) ack_timeout: Duration,
    /// Time for which the files of a former generation stay
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = chassis::duration)]
    pub(crate) keep: Duration,
    /// Outcome of a change of settings that need a restart
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = OnRestart::Pending)]
    pub(crate) on_restart: OnRestart,
    /// URL on loopback at which CMD answers with 2xx while it is ready for traffic; /readyz of the agent answers as CMD does
    #[arg(long, value_name = "URL")]
    pub(crate) ready: Option<Endpoint>,
    /// Time for a restarted CMD to become ready; after it the change is taken back
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = chassis::positive_duration)]
    pub(crate) ready_timeout: Duration,
    /// Time for which /readyz is 503 before CMD is stopped for a restart, so that traffic has gone elsewhere
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = chassis::duration)]
    pub(crate) drain: Duration,
    /// Time within which replicas restart CMD one after another, each at a moment of its own; 0s is at once
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = chassis::duration)]
    pub(crate) restart_spread: Duration,
    /// Admin listeners of all replicas, this one included, as a name that resolves to them: CMD is restarted only while all others are ready
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',', value_parser = fleet::host_and_port)]
    pub(crate) peers: Vec<String>,
    /// Give CMD the settings as variables too: then a change of any setting needs a restart
    #[arg(long)]
    pub(crate) environment: bool,
    /// Address of digests, metrics and probes
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) admin_listen: Option<SocketAddr>,
}

/// Outcome of a change of settings that need a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OnRestart {
    /// The change waits until the pod is replaced
    Pending,
    /// CMD is stopped and started again
    Child,
}
