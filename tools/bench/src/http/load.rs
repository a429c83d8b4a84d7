//! All the load that a server can take, made by wrk.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use kit::process::Cmd;
use serde_json::Value;

use super::super::processors::Processors;

const SCRIPT: &str = include_str!("wrk.lua");

/// One way to ask all servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) path: &'static str,
    /// Kept alive, each asking again as soon as it has its answer.
    pub(super) connections: usize,
}

/// The result of a wrk run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// Answered before the end of the round.
    pub(super) requests: u64,
    pub(super) seconds: f64,
    /// Answers other than 2xx or 3xx, failed connects, reads and writes, and answers that took over two seconds.
    pub(super) failures: u64,
}

impl Seen {
    /// Requests a second.
    pub(super) fn throughput(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}

pub(super) struct Load {
    processors: Processors,
    script: PathBuf,
}

impl Load {
    pub(super) fn new(processors: Processors, folder: &Path) -> Result<Self> {
        let script = folder.join("wrk.lua");
        fs::write(&script, SCRIPT).with_context(|| format!("cannot write {}", script.display()))?;
        Ok(Self { processors, script })
    }

    pub(super) fn processors(&self) -> Processors {
        self.processors
    }

    /// # Errors
    /// wrk cannot be run, or could not connect at all.
    pub(super) fn run(&self, address: SocketAddr, scenario: Scenario, seconds: u32) -> Result<Seen> {
        let url = format!("http://{address}{}", scenario.path);
        let wrk = Cmd::new("taskset")
            .args(["--cpu-list", &self.processors.load.to_string(), "wrk", "--threads", "1"])
            .args(["--connections", &scenario.connections.to_string()])
            .args(["--duration", &format!("{seconds}s"), "--script"])
            .arg(&self.script)
            .arg(&url);
        let output = wrk.ask()?;
        parse(&output).with_context(|| format!("wrk gave no result for {url}: {output}"))
    }
}

fn parse(output: &str) -> Option<Seen> {
    let line = output.lines().rev().find(|line| line.starts_with('{'))?;
    let result: Value = serde_json::from_str(line).ok()?;
    Some(Seen {
        requests: result["requests"].as_u64()?,
        seconds: result["duration_us"].as_f64()? / 1e6,
        failures: result["errors"].as_u64()? + result["timeouts"].as_u64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_is_found_below_what_wrk_says() {
        let output = "Running 3s test\n  10 requests in 3.00s\n\
                      {\"requests\":10,\"duration_us\":3000000,\"errors\":1,\"timeouts\":2}\n";
        let seen = Seen { requests: 10, seconds: 3.0, failures: 3 };
        assert_eq!(parse(output), Some(seen));
    }

    #[test]
    fn no_result_is_none() {
        assert_eq!(parse("unable to connect\n"), None);
    }
}
