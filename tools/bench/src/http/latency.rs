//! Latency of answers, measured by the program `latency_load` of `bench-programs`.
//!
//! wrk would tell too, but corrects what it saw for what it would have asked while it waited: whatever takes a processor for a
//! hundredth of the time is all of its 99th percentile.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use kit::process::Cmd;
use serde_json::Value;

use super::super::spread::lower_quartile;
use super::load::Scenario;

/// A steady rate, of what bare hyper can answer: at full pace a latency is the queue that the clients make themselves, and where the
/// clients are the slower part it stands before them and is not seen.
pub(super) const STEADY_SHARE: f64 = 0.5;

pub(super) struct Clock {
    program: PathBuf,
    processor: usize,
}

#[derive(Clone, Copy)]
pub(super) enum Pace {
    /// Each connection asks again as soon as it has its answer.
    Full,
    /// Requests a second, at random moments.
    Rate(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Latency {
    pub(super) answered: u64,
    /// Answers other than 200, and none within two seconds.
    pub(super) failures: u64,
    pub(super) p50_us: f64,
    /// Lower quartile of the percentiles of each tenth of a second: other work that takes a processor a few times a second says
    /// nothing about the server, and on a busy machine is in half of them.
    pub(super) p99_us: f64,
    /// 99.9th percentile over all requests.
    pub(super) p999_us: f64,
}

impl Clock {
    pub(super) fn new(program: PathBuf, processor: usize) -> Self {
        Self { program, processor }
    }

    /// # Errors
    /// The program cannot be run, or the server closed a connection.
    pub(super) fn run(
        &self,
        address: SocketAddr,
        scenario: Scenario,
        pace: Pace,
        seconds: u32,
    ) -> Result<Latency> {
        let pace = match pace {
            Pace::Full => "full".to_owned(),
            Pace::Rate(rate) => rate.to_string(),
        };
        let output = Cmd::new("taskset")
            .args(["--cpu-list", &self.processor.to_string()])
            .arg(&self.program)
            .args([&address.to_string(), scenario.path, &scenario.connections.to_string()])
            .args([&pace, &seconds.to_string()])
            .ask()?;
        parse(&output).with_context(|| format!("no latencies of {address}: {output}"))
    }
}

fn parse(output: &str) -> Option<Latency> {
    let result: Value = serde_json::from_str(output).ok()?;
    let windows = result["windows_p99_us"].as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    Some(Latency {
        answered: result["answered"].as_u64()?,
        failures: result["failures"].as_u64()?,
        p50_us: result["p50_us"].as_f64()?,
        p99_us: lower_quartile(windows),
        p999_us: result["p999_us"].as_f64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disturbed_tenths_of_a_second_do_not_count() {
        let output = r#"{"answered":9,"failures":1,"p50_us":40.5,"p99_us":900,"p999_us":7000,"windows_p99_us":[80,7000,90,5000]}"#;
        let latency = Latency { answered: 9, failures: 1, p50_us: 40.5, p99_us: 90.0, p999_us: 7000.0 };
        assert_eq!(parse(output), Some(latency));
    }

    #[test]
    fn no_result_is_none() {
        assert_eq!(parse("{}"), None);
    }
}
