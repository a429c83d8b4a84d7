//! An answer that goes on for long, as `curl` receives it.

use std::process::Stdio;
use std::time::Duration;

use e2e::harness::namespace::Namespace;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

/// The end of an answer comes with the end of its pod.
const DRAINED: Duration = Duration::from_secs(60);

/// A client that reads an answer line by line.
pub(crate) struct Stream {
    curl: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Stream {
    /// Begins to read what the command `curl` prints.
    pub(crate) fn open(ns: &Namespace, curl: &str) -> Self {
        let mut curl = ns.shell(&format!("exec {curl}"));
        let mut curl = curl.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(curl.stdout.take().unwrap()).lines();
        Self { curl, lines }
    }

    /// Reads up to a line that begins so, and returns it; fails the test where none comes within `time`, or the answer ends before.
    pub(crate) async fn until(&mut self, time: Duration, start: &str) -> String {
        let found = async {
            while let Some(read) = self.lines.next_line().await.unwrap() {
                if read.starts_with(start) {
                    return Some(read);
                }
            }
            None
        };
        let found = timeout(time, found).await;
        found.ok().flatten().unwrap_or_else(|| panic!("no line {start:?} within {} s", time.as_secs()))
    }

    /// Reads the rest of the answer; returns the client's exit code.
    pub(crate) async fn end(mut self) -> Option<i32> {
        let ended = async {
            while self.lines.next_line().await.unwrap().is_some() {}
            self.curl.wait().await.unwrap().code()
        };
        timeout(DRAINED, ended).await.unwrap_or_else(|_| panic!("the stream goes on without its pod"))
    }
}
