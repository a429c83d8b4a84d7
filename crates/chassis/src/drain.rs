//! Time budgets of a graceful shutdown.

use std::time::Duration;

#[cfg(feature = "clap")]
use crate::duration::duration;

/// Time budgets of the drain. `accept_max` and `requests_max` together, plus three seconds to close down (internal listeners,
/// connections that are cut, the last log lines), must stay below the grace period of the platform.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Drain"))]
pub struct DrainArgs {
    /// Time after the stop signal during which connections are accepted in any case
    #[cfg_attr(feature = "clap", arg(long = "drain-min", value_name = "DURATION", default_value = "5s", value_parser = duration))]
    pub min: Duration,

    /// Time without a request (probes aside) after which traffic is taken to have moved elsewhere
    #[cfg_attr(feature = "clap", arg(long = "drain-quiet", value_name = "DURATION", default_value = "3s", value_parser = duration))]
    pub quiet: Duration,

    /// Time after the stop signal at which no connection is accepted any more, quiet or not
    #[cfg_attr(feature = "clap", arg(long = "drain-accept-max", value_name = "DURATION", default_value = "12s", value_parser = duration))]
    pub accept_max: Duration,

    /// Time for requests in flight to finish after that; then they are cut
    #[cfg_attr(feature = "clap", arg(long = "drain-requests-max", value_name = "DURATION", default_value = "10s", value_parser = duration))]
    pub requests_max: Duration,
}

impl Default for DrainArgs {
    fn default() -> Self {
        Self {
            min: Duration::from_secs(5),
            quiet: Duration::from_secs(3),
            accept_max: Duration::from_secs(12),
            requests_max: Duration::from_secs(10),
        }
    }
}

impl DrainArgs {
    /// Contradictions between the flags, one sentence each.
    #[must_use]
    pub fn contradictions(&self) -> Vec<String> {
        let Self { min, quiet, accept_max, .. } = self;
        let accept_max = humantime::format_duration(*accept_max);
        [
            ("drain-min", min, "connections cannot be accepted for longer than they are"),
            ("drain-quiet", quiet, "traffic could never be seen to have moved elsewhere"),
        ]
        .into_iter()
        .filter(|(_, time, _)| **time > self.accept_max)
        .map(|(flag, time, reason)| {
            let time = humantime::format_duration(*time);
            format!("--{flag} {time} is longer than --drain-accept-max {accept_max}: {reason}")
        })
        .collect()
    }
}
