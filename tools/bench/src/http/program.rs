//! A server that is measured beside the service.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use kit::wait;

use super::super::client::Client;
use super::super::stop::stop;
use super::collector::Collector;

const START_DEADLINE: Duration = Duration::from_secs(20);

/// Ends with its owner.
pub(super) struct Program {
    child: Child,
    address: SocketAddr,
    /// Reads what it logs, as long as it logs.
    _collector: Option<Collector>,
}

impl Program {
    /// Starts it and waits until it answers `/healthz`. What it says goes nowhere, unless there is a collector.
    pub(super) fn start(
        mut command: Command,
        address: SocketAddr,
        log: Option<(Collector, Stdio)>,
    ) -> Result<Self> {
        let (collector, stdout) =
            log.map_or_else(|| (None, Stdio::null()), |(collector, pipe)| (Some(collector), pipe));
        command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null());
        let child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let mut program = Self { child, address, _collector: collector };
        wait::until_true("the first answer", START_DEADLINE, || match program.child.try_wait()? {
            Some(status) => bail!("it ended before it answered ({status}): {command:?}"),
            None => Ok(Client::connect(address).and_then(|mut client| client.get("/healthz")).is_ok()),
        })?;
        Ok(program)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::super::server::free_addresses;
    use super::*;

    #[test]
    fn a_program_that_ends_is_not_waited_for() {
        let [address, ..] = free_addresses().unwrap();
        let started = Instant::now();
        let error = Program::start(Command::new("false"), address, None).map(drop).unwrap_err().to_string();
        assert!(error.contains("ended before it answered"), "{error}");
        assert!(started.elapsed() < START_DEADLINE);
    }
}
