//! The example `drained` as a process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use serde_json::Value;
use test_support::http::strict::{Connection, Server};
use test_support::wait::{until_async, within};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Above the 25 s that a drain may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(40);

pub(crate) struct Process {
    pub(crate) public: SocketAddr,
    admin: SocketAddr,
    child: Child,
    log: Lines<BufReader<ChildStdout>>,
}

/// End of a process.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) status: ExitStatus,
    /// Its last log line.
    pub(crate) report: Value,
}

impl Process {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(listen: SocketAddr, flags: &[&str]) -> Self {
        let mut child = Command::new(executable())
            .args(["--listen", &listen.to_string()])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("cargo has just built it");
        let mut log = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let public = listening(&mut log, "public").await;
        let admin = listening(&mut log, "admin").await;
        let process = Self { public, admin, child, log };
        process.until_readiness_is(true).await;
        process
    }

    /// Sends the stop signal, and waits until the process is not ready any more: what a load balancer can learn.
    pub(crate) async fn begin_stop(&self) {
        let id = self.child.id().expect("still running").to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(sent.expect("kill is there").success());
        self.until_readiness_is(false).await;
    }

    pub(crate) async fn ended(mut self) -> End {
        let mut last = String::new();
        let until_end = async {
            while let Some(line) = self.log.next_line().await.expect("text") {
                last = line;
            }
            self.child.wait().await
        };
        let status =
            within(DEADLINE, "a process to end", until_end).await.expect("a child can be waited for");
        End { status, report: serde_json::from_str(&last).expect("a log line") }
    }

    async fn until_readiness_is(&self, ready: bool) {
        let what = format!("readiness to be {ready}");
        until_async(DEADLINE, &what, async || self.is_ready().await, |is| *is == ready).await;
    }

    /// Readiness as a probe sees it; no response counts as unready.
    async fn is_ready(&self) -> bool {
        let status = async { Connection::open(&Server::Tcp(self.admin)).await?.status("/readyz").await };
        status.await.is_ok_and(|status| status == 200)
    }
}

/// An address of this machine alone that nothing else uses: once its port is known, a process can have it again, while
/// a port of 127.0.0.1 may be given to any outgoing connection in between.
pub(crate) fn own_address() -> SocketAddr {
    static TAKEN: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, 100 + TAKEN.fetch_add(1, Ordering::Relaxed), high, low);
    SocketAddr::new(IpAddr::V4(address), 0)
}

async fn listening(log: &mut Lines<BufReader<ChildStdout>>, listener: &str) -> SocketAddr {
    let line =
        within(DEADLINE, "a listener", log.next_line()).await.expect("text").expect("a line of the log");
    let line: Value = serde_json::from_str(&line).expect("a log line");
    assert_eq!((&line["message"], &line["listener"]), (&"listening".into(), &listener.into()), "{line}");
    line["address"].as_str().expect("an address").parse().expect("an address")
}

/// Cargo gives a test the files of a crate's programs, but not of its examples.
fn executable() -> &'static str {
    static FILE: OnceLock<String> = OnceLock::new();
    FILE.get_or_init(|| {
        let built = std::process::Command::new(env!("CARGO"))
            .args(["build", "--package", "chassis", "--example", "drained", "--message-format", "json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo is there");
        assert!(built.status.success(), "the example does not build");
        let messages = String::from_utf8(built.stdout).expect("JSON");
        let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let file = messages.find_map(|message| message["executable"].as_str().map(str::to_owned));
        file.expect("an example is a program")
    })
}
