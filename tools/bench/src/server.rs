//! One run of the service on this machine's loopback.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kit::workspace;

use super::client;
use super::processors::pinned;

/// Small beside what is measured with it, and large enough to leave the processor to the one who is waited for.
const POLL: Duration = Duration::from_micros(100);
const START_DEADLINE: Duration = Duration::from_secs(10);

/// Launch options, beside the addresses and the directory that are always given.
#[derive(Default)]
pub(super) struct Launch<'a> {
    pub(super) flags: &'a [&'a str],
    /// All of its environment: nothing of the caller's is handed on.
    pub(super) environment: &'a [(&'a str, &'a str)],
    /// The one processor that it may use.
    pub(super) processor: Option<usize>,
    /// The destination of the log; nowhere by default.
    pub(super) stdout: Option<Stdio>,
}

/// Ends with its owner.
pub(super) struct Server {
    child: Child,
    public: SocketAddr,
    admin: SocketAddr,
    data: PathBuf,
    first_answer: Duration,
}

impl Server {
    /// Starts the binary with nothing of the caller's environment and waits until it answers.
    ///
    /// # Errors
    /// It ends, or does not answer in time.
    pub(super) fn start(binary: &Path) -> Result<Self> {
        Self::start_with(binary, Launch::default())
    }

    /// The same with more than that.
    pub(super) fn start_with(binary: &Path, launch: Launch<'_>) -> Result<Self> {
        let [public, admin, operator] = free_addresses()?;
        let data = format!("target/bench/data-{}-{}", std::process::id(), public.port());
        let data = workspace::root().join(data);
        fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
        let mut command = match launch.processor {
            Some(processor) => pinned(processor, binary),
            None => Command::new(binary),
        };
        command.env_clear().envs(launch.environment.iter().copied());
        command.stdin(Stdio::null()).stdout(launch.stdout.unwrap_or_else(Stdio::null)).stderr(Stdio::null());
        command.args(["--listen", &public.to_string(), "--admin-listen", &admin.to_string()]);
        command
            .args(["--operator-listen", &operator.to_string(), "--data-dir"])
            .arg(&data)
            .args(launch.flags);

        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot run {}", binary.display()))?;
        let mut server = Self { child, public, admin, data, first_answer: Duration::ZERO };
        while server.get("/healthz").is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("the service ended before it answered ({status})");
            }
            if started.elapsed() > START_DEADLINE {
                bail!("the service did not answer within {} s", START_DEADLINE.as_secs());
            }
            std::thread::sleep(POLL);
        }
        server.first_answer = started.elapsed();
        Ok(server)
    }

    /// From before the process existed to the end of its first answer.
    pub(super) fn first_answer(&self) -> Duration {
        self.first_answer
    }

    pub(super) fn public(&self) -> SocketAddr {
        self.public
    }

    pub(super) fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Configurations that the service has run with.
    pub(super) fn generation(&self) -> Result<u64> {
        let digests: serde_json::Value = serde_json::from_str(&client::get(self.admin, "/digests")?.body)?;
        digests["generation"].as_u64().context("the digests tell no generation")
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks once, on a connection of its own.
    ///
    /// # Errors
    /// Any answer but 200.
    pub(super) fn get(&self, path: &str) -> Result<()> {
        client::get(self.public, path)?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Not asked to drain, which takes seconds and has nothing to save here. It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.data).ok();
    }
}

/// Held all at once, so that no two are the same; free again when this returns.
pub(super) fn free_addresses() -> Result<[SocketAddr; 3]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on loopback");
    let held = [bind()?, bind()?, bind()?];
    let address = |listener: &TcpListener| listener.local_addr().context("a listener without an address");
    Ok([address(&held[0])?, address(&held[1])?, address(&held[2])?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_a_run_differ() {
        let [a, b, c] = free_addresses().unwrap();
        assert!(a != b && b != c && a != c);
    }

    #[test]
    fn a_binary_that_ends_is_not_waited_for() {
        let started = Instant::now();
        let error = Server::start(Path::new("/bin/false")).map(drop).unwrap_err().to_string();
        assert!(error.contains("ended before it answered"), "{error}");
        assert!(started.elapsed() < START_DEADLINE);
    }
}
