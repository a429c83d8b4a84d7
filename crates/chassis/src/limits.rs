//! Limits on a client: time, bytes and connections.

use std::time::Duration;

#[cfg(feature = "clap")]
use crate::duration::positive_duration;

/// Limits of every listener; each listener has its own connections.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Limits"))]
pub struct LimitArgs {
    /// Time from the first byte of a request to the end of its header; then the connection is closed
    #[cfg_attr(feature = "clap", arg(long = "limit-header-time", value_name = "DURATION", default_value = "10s", value_parser = positive_duration))]
    pub header_time: Duration,

    /// Size of a request's header in bytes, at least 8192; above it 431 is answered
    #[cfg_attr(feature = "clap", arg(long = "limit-header-bytes", value_name = "BYTES", default_value_t = 32 * 1024,
          value_parser = clap::value_parser!(u32).range(8192..)))]
    pub header_bytes: u32,

    /// Number of header fields of a request; above it 431 is answered
    #[cfg_attr(feature = "clap", arg(long = "limit-header-count", value_name = "NUMBER", default_value_t = 100,
          value_parser = clap::value_parser!(u16).range(1..)))]
    pub header_count: u16,

    /// Size of a request's target (path and query) in bytes; above it 414 is answered
    #[cfg_attr(feature = "clap", arg(long = "limit-target-bytes", value_name = "BYTES", default_value_t = 8 * 1024,
          value_parser = clap::value_parser!(u32).range(1..)))]
    pub target_bytes: u32,

    /// Size of a request's body in bytes; above it 413 is answered
    #[cfg_attr(feature = "clap", arg(long = "limit-body-bytes", value_name = "BYTES", default_value_t = 64 * 1024))]
    pub body_bytes: u32,

    /// Time from a request's header to the start of its answer, its body included; then 503 is answered
    #[cfg_attr(feature = "clap", arg(long = "limit-handler-time", value_name = "DURATION", default_value = "15s", value_parser = positive_duration))]
    pub handler_time: Duration,

    /// Time a client may leave an answer unread; then the connection is closed
    #[cfg_attr(feature = "clap", arg(long = "limit-write-stall", value_name = "DURATION", default_value = "30s", value_parser = positive_duration))]
    pub write_stall: Duration,

    /// Time a connection may stay open without a request; keep it above the idle limit of the load balancer before it
    #[cfg_attr(feature = "clap", arg(long = "limit-idle-time", value_name = "DURATION", default_value = "75s", value_parser = positive_duration))]
    pub idle_time: Duration,

    /// Open connections of each listener, at most 64 of internal ones, fewer if the system grants too few descriptors; for a further one the longest idle is closed
    #[cfg_attr(feature = "clap", arg(long = "limit-connections", value_name = "NUMBER", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(1..)))]
    pub connections: u32,
}

impl Default for LimitArgs {
    fn default() -> Self {
        Self {
            header_time: Duration::from_secs(10),
            header_bytes: 32 * 1024,
            header_count: 100,
            target_bytes: 8 * 1024,
            body_bytes: 64 * 1024,
            handler_time: Duration::from_secs(15),
            write_stall: Duration::from_secs(30),
            idle_time: Duration::from_secs(75),
            connections: 10_000,
        }
    }
}

impl LimitArgs {
    /// Contradictions between the flags, one sentence each.
    #[must_use]
    pub fn contradictions(&self) -> Vec<String> {
        let Self { target_bytes, header_bytes, .. } = self;
        let is_out_of_reach = target_bytes > header_bytes;
        let sentence = || {
            format!(
                "--limit-target-bytes {target_bytes} is more than --limit-header-bytes {header_bytes}: \
                 a target is a part of the header"
            )
        };
        is_out_of_reach.then(sentence).into_iter().collect()
    }
}
