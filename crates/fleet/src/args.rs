//! The flags of `verify`, the same of each program that has the command.

use std::time::Duration;

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;

use crate::host_and_port::host_and_port;

/// Whom to ask, and for what.
#[derive(Clone, Debug, clap::Args)]
pub struct VerifyArgs {
    /// Admin listeners of all replicas, as a name that resolves to them
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub peers: String,
    /// Seal that every replica must run; without it they must agree with each other
    #[arg(long, value_name = "HEX", value_parser = NonEmptyStringValueParser::new())]
    pub seal: Option<String>,
    /// Least number of replicas: the name may not lead to all of them yet
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub replicas: usize,
    /// Print replicas that are not ready, and exit 0 all the same
    #[arg(long)]
    pub configuration_only: bool,
    /// Accept replicas whose agent has delivered the configuration to a process that acknowledges none
    #[arg(long)]
    pub accept_delivered: bool,
    /// Time to wait for the replicas to agree and to be ready: the kubelet takes up to two minutes to bring a change into the
    /// pods
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    pub within: Duration,
    /// Form of the result
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// The form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// One line, or one line a problem on standard error
    Text,
    /// One document on standard output
    Json,
}
