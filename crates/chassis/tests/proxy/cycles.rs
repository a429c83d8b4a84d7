//! Stops and starts of two processes behind a proxy.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::sleep;

use crate::process::{End, Process, own_address};
use crate::proxy::{Proxy, front};

pub(crate) struct Pair<P> {
    proxy: P,
    processes: [Option<Process>; 2],
    flags: &'static [&'static str],
    folder: TempDir,
}

impl<P: Proxy> Pair<P> {
    pub(crate) async fn start(flags: &'static [&'static str]) -> Self {
        let first = Process::start(own_address(), flags).await;
        let second = Process::start(own_address(), flags).await;
        let folder = tempfile::tempdir().expect("a folder for the proxy");
        let proxy = P::start(folder.path(), [first.public, second.public]).await;
        Self { proxy, processes: [Some(first), Some(second)], flags, folder }
    }

    /// Address of the proxy.
    pub(crate) fn front(&self) -> PathBuf {
        front(self.folder.path())
    }

    /// Stops one process, tells the proxy when it has been unready for `delay`, waits for its end, and starts it again.
    pub(crate) async fn cycle(&mut self, index: usize, delay: Duration) -> End {
        let process = self.processes[index].take().expect("put back below");
        let address = process.public;
        process.begin_stop().await;
        // How late the proxy learns is what the test is about.
        sleep(delay).await;
        self.proxy.leave_out(index).await;
        let end = process.ended().await;
        self.processes[index] = Some(Process::start(address, self.flags).await);
        self.proxy.take_back(index).await;
        end
    }
}

impl End {
    pub(crate) fn assert_orderly(&self) {
        assert_eq!(self.status.code(), Some(0), "{self:?}");
        let report = &self.report;
        assert_eq!(report["message"], "stopped serving", "{report}");
        assert_eq!((&report["aborted"], &report["requests_cut"]), (&false.into(), &0.into()), "{report}");
    }

    /// Without them the proxy was not late, and the test has shown nothing.
    pub(crate) fn assert_late_arrivals(&self) {
        let late_arrivals = self.report["late_arrivals"].as_u64();
        assert!(late_arrivals.is_some_and(|number| number > 0), "{}", self.report);
    }
}
