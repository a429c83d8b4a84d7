//! A server that is measured beside the service.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kit::wait;

use super::super::client::Client;
use super::collector::Collector;

const START_DEADLINE: Duration = Duration::from_secs(20);
const STOP_DEADLINE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

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

    /// Asked first, since one with processes below it is the only one that ends them.
    fn ask_to_stop(&mut self) -> Option<()> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok()?;
        let asked = Instant::now();
        while self.child.try_wait().ok()?.is_none() && asked.elapsed() < STOP_DEADLINE {
            std::thread::sleep(POLL);
        }
        Some(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.ask_to_stop();
        // It may have ended by then.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[cfg(test)]
mod tests {
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
