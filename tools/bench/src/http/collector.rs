//! The reader of what a server logs and exports: the program `collector` of `bench-programs`, on the load's processor.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result};
use kit::wait;
use serde_json::Value;

use super::super::client;
use super::super::processors::pinned;
use super::super::server::free_addresses;
use super::answers::PATHS;

/// The largest pipe that an ordinary user may request: it bridges the time in which the load has the processor for itself.
const PIPE_BYTES: usize = 1 << 20;
const START_DEADLINE: std::time::Duration = std::time::Duration::from_secs(10);

/// Ends with its owner.
pub(super) struct Collector {
    child: Child,
    address: SocketAddr,
}

/// Counts of the received telemetry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Received {
    /// Log lines on requests to [`PATHS`].
    pub(super) request_lines: u64,
    /// Sampled lines, a part of all lines.
    pub(super) parsed_lines: u64,
    /// Sampled lines that are no JSON object.
    pub(super) bad_lines: u64,
    pub(super) spans: u64,
    /// Exports that are no OTLP, and spans that lack something.
    pub(super) bad_spans: u64,
    /// The first error; empty if there was none.
    pub(super) first_trouble: String,
}

impl Collector {
    /// Also the pipe that it reads log lines from, for the server's standard output.
    pub(super) fn start(program: &Path, processor: usize) -> Result<(Self, Stdio)> {
        let [address, ..] = free_addresses()?;
        let mut command = pinned(processor, "nice");
        // It shares the processor with the load: what it reads later is no loss, what the load sends later is. But the load
        // may take all that it can, and a reader of the log that never runs is one that the service drops lines for.
        command.args(["-n", "10"]).arg(program);
        command.arg(address.to_string()).args(PATHS);
        command.env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let pipe = child.stdin.take();
        if let Some(pipe) = &pipe {
            rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES)?;
        }
        let collector = Self { child, address };
        let pipe = pipe.context("the collector has no standard input")?;
        wait::until_true("the collector's answer", START_DEADLINE, || Ok(collector.received().is_ok()))?;
        Ok((collector, pipe.into()))
    }

    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn received(&self) -> Result<Received> {
        let text = client::get(self.address, "/counts")?.body;
        let counts: Value = serde_json::from_str(&text)?;
        let count =
            |name: &str| counts[name].as_u64().with_context(|| format!("the collector counts no {name}"));
        Ok(Received {
            request_lines: count("request_lines")?,
            parsed_lines: count("parsed_lines")?,
            bad_lines: count("bad_lines")?,
            spans: count("spans")?,
            bad_spans: count("bad_exports")? + count("bad_spans")?,
            first_trouble: counts["first_trouble"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
