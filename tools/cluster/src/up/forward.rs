//! Asking the service what it runs with, the way a person does: through a port-forward, with curl.

use std::fs;
use std::net::TcpListener;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kit::cluster::Cluster;
use kit::process::Cmd;
use kit::{ui, wait, workspace};

use super::service::RELEASE;

const DEADLINE: Duration = Duration::from_secs(20);
/// The port of the walk-through.
const PORT: u16 = 8080;

/// Prints the answer of `/config`. The port-forward ends with this call.
pub(super) fn ask(cluster: &Cluster) -> Result<()> {
    let port = free_port()?;
    let _forward = Forward::start(cluster, port)?;
    let curl = Cmd::new("curl").args(["--silent", "--show-error", "--fail"]);
    let status = curl.arg(format!("http://127.0.0.1:{port}/config")).stream(|_| {})?;
    if !status.success() {
        bail!("the service runs but does not answer ({status})");
    }
    Ok(())
}

/// Ends when dropped.
struct Forward(Child);

impl Forward {
    fn start(cluster: &Cluster, port: u16) -> Result<Self> {
        let log = workspace::root().join("target/port-forward.log");
        let command = cluster
            .kubectl()
            .arg("port-forward")
            .arg(format!("service/{RELEASE}"))
            .arg(format!("{port}:http"));
        let mut forward = Self(command.daemon(&log)?);
        wait::until_true("the port-forward", DEADLINE, || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            match forward.0.try_wait()? {
                Some(status) => bail!("the port-forward ended ({status}): {}", said.trim()),
                None => Ok(said.contains("Forwarding from")),
            }
        })?;
        ui::say(format!("port-forward: 127.0.0.1:{port} -> service/{RELEASE}"));
        Ok(forward)
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        // It may have ended by itself, which is just as good.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The port of the walk-through, or any other where that one is taken.
fn free_port() -> Result<u16> {
    let free = TcpListener::bind(("127.0.0.1", PORT)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)));
    Ok(free.context("no free port on loopback")?.local_addr()?.port())
}
