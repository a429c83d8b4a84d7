//! Continuous load on the store, and the sessions that the server counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::SystemTime;

use myapp::store::{Access, AccessKind, HistoryFilter, Record};
use test_support::postgres::{Database, Server};
use test_support::wait::until;
use tokio::task::JoinSet;

use crate::DEADLINE;
use crate::service::Service;

/// Several tasks that concurrently record reveals and read the history.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    tasks: JoinSet<Vec<String>>,
}

impl Load {
    pub(crate) fn start(service: &Service, tasks: usize) -> Self {
        let (stop, done) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut running = JoinSet::new();
        for _ in 0..tasks {
            let (store, stop, done) = (service.store.clone(), Arc::clone(&stop), Arc::clone(&done));
            let work = async move {
                let mut failures = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let written = store.record_now(Record::Access(reveal(None))).await;
                    let read = store.history(HistoryFilter::default(), None, 5).await;
                    let failed = written.err().into_iter().chain(read.err());
                    failures.extend(failed.map(|error| error.to_string()));
                    done.fetch_add(2, Ordering::Relaxed);
                }
                failures
            };
            running.spawn_on(work, service.runtime.handle());
        }
        Self { stop, done, tasks: running }
    }

    /// Returns the number of completed operations.
    pub(crate) fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Stops the load; returns the number of completed operations and the errors.
    pub(crate) fn end(mut self, service: &Service) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let mut failures = Vec::new();
        while let Some(ended) = service.runtime.block_on(self.tasks.join_next()) {
            failures.extend(ended.unwrap());
        }
        (self.done.load(Ordering::Relaxed), failures)
    }
}

pub(crate) fn reveal(request_id: Option<String>) -> Access {
    Access { at: SystemTime::now(), listener: "operator", kind: AccessKind::Reveal, count: 1, request_id }
}

/// Polls the server for the number of its sessions.
pub(crate) struct Census {
    shared: Arc<Counts>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    stop: AtomicBool,
    asked: AtomicUsize,
    most: AtomicUsize,
}

impl Census {
    pub(crate) fn start(server: &Server, database: &Database<'_>) -> Self {
        let shared = Arc::<Counts>::default();
        let mut session = server.session("postgres");
        let question = sessions_where(database, "true");
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                while !shared.stop.load(Ordering::SeqCst) {
                    shared.most.fetch_max(session.number(&question), Ordering::SeqCst);
                    shared.asked.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Self { shared, thread }
    }

    /// Returns the greatest number so far.
    pub(crate) fn most(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    /// Resets the count.
    pub(crate) fn forget(&self) {
        // A response may be on its way.
        let asked = self.asked();
        until(DEADLINE, "answered", || self.asked(), |seen| *seen > asked);
        self.shared.most.store(0, Ordering::SeqCst);
    }

    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn end(self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap();
    }
}

/// Returns the query for the number of the database's sessions that satisfy `condition`.
pub(crate) fn sessions_where(database: &Database<'_>, condition: &str) -> String {
    format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'myapp' AND {condition}",
        database.name
    )
}
