//! Queue of log lines in front of a thread that writes them, so that a slow reader of the log cannot block a request.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use super::level::is_always_written;
use super::target::LIFECYCLE;

/// Maximum size of the waiting lines; above it lines are dropped and counted.
const MAX_BYTES: usize = 1 << 20;

/// Maximum size with lines of the life of the process. They are dropped only long after ordinary lines: a log that nobody reads
/// must not exhaust the memory.
const MAX_LIFECYCLE_BYTES: usize = 2 * MAX_BYTES;

/// Time in which further lines join the first of a batch: under load the writer wakes a thousand times per second, not once per
/// line. Longer batches leave the processor's cache before they are written, and do not fit a pipe. An urgent line does not
/// wait.
const BATCH_TIME: Duration = Duration::from_millis(1);

/// Maximum memory that an idle buffer retains.
const MAX_IDLE_BYTES: usize = 64 << 10;

#[derive(Clone, Debug)]
pub(super) struct Queue(Arc<Owner>);

/// Owner of the writer, which ends with the last clone of the queue.
#[derive(Debug)]
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().has_ended = true;
        self.0.wake.notify_one();
    }
}

#[derive(Debug, Default)]
struct Shared {
    pending: Mutex<Pending>,
    /// Signals the writer: there are lines, or an urgent one.
    wake: Condvar,
    /// Signals callers of `flush`: another batch is written.
    written: Condvar,
    dropped: AtomicU64,
    /// Dropped lines of the life of the process.
    dropped_lifecycle: AtomicU64,
}

#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    writer_sleeps: bool,
    is_urgent: bool,
    has_ended: bool,
    /// Number of batches that the writer has taken, and of those that it has written.
    taken: u64,
    finished: u64,
}

impl Queue {
    pub(super) fn start(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let queue = Self(Arc::new(Owner(Arc::clone(&shared))));
        // Never joined: a writer may block in its sink for ever.
        thread::Builder::new().name("log-writer".to_owned()).spawn(move || write_all(&shared, writer))?;
        Ok(queue)
    }

    fn shared(&self) -> &Shared {
        &self.0.0
    }

    /// Number of lines lost because the reader of the log was too slow, or is gone.
    pub(super) fn dropped(&self) -> u64 {
        self.shared().dropped.load(Ordering::Relaxed)
    }

    /// Waits until all lines so far are written; false if that takes longer than `timeout`.
    pub(super) fn flush(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut pending = self.shared().lock();
        let batch = pending.taken + u64::from(!pending.bytes.is_empty());
        pending.is_urgent = true;
        self.shared().wake.notify_one();
        while pending.finished < batch {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            pending = wait(&self.shared().written, pending, left);
        }
        true
    }

    /// Appends a whole line. An urgent one is written without delay, and dropped only if the queue is full of such lines.
    pub(super) fn push(&self, line: &[u8], is_urgent: bool) {
        let mut pending = self.shared().lock();
        let max = if is_urgent { MAX_LIFECYCLE_BYTES } else { MAX_BYTES };
        if pending.bytes.len().saturating_add(line.len()) > max {
            self.shared().dropped.fetch_add(1, Ordering::Relaxed);
            self.shared().dropped_lifecycle.fetch_add(u64::from(is_urgent), Ordering::Relaxed);
            return;
        }
        pending.bytes.extend_from_slice(line);
        let is_urgent = is_urgent || pending.bytes.len() > MAX_BYTES / 2;
        let is_news = pending.writer_sleeps || (is_urgent && !pending.is_urgent);
        pending.writer_sleeps = false;
        pending.is_urgent |= is_urgent;
        drop(pending);
        if is_news {
            self.shared().wake.notify_one();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for lines and swaps them with the empty `batch`; false if no more can come.
    fn take(&self, batch: &mut Vec<u8>) -> bool {
        // Under load no line has to wake the writer: it checks again by itself.
        let mut pending = self.gather(self.lock());
        if pending.bytes.is_empty() {
            while pending.bytes.is_empty() {
                if pending.has_ended {
                    return false;
                }
                pending.writer_sleeps = true;
                pending.is_urgent = false;
                pending = self.wake.wait(pending).unwrap_or_else(PoisonError::into_inner);
            }
            pending.writer_sleeps = false;
            pending = self.gather(pending);
        }
        pending.is_urgent = false;
        pending.taken += 1;
        std::mem::swap(&mut pending.bytes, batch);
        true
    }

    /// Waits for further lines, unless some are urgent.
    fn gather<'a>(&self, pending: MutexGuard<'a, Pending>) -> MutexGuard<'a, Pending> {
        if pending.is_urgent || pending.has_ended { pending } else { wait(&self.wake, pending, BATCH_TIME) }
    }

    fn finish(&self) {
        self.lock().finished += 1;
        self.written.notify_all();
    }
}

fn wait<'a>(
    condition: &Condvar,
    pending: MutexGuard<'a, Pending>,
    time: Duration,
) -> MutexGuard<'a, Pending> {
    condition.wait_timeout(pending, time).unwrap_or_else(PoisonError::into_inner).0
}

fn write_all(shared: &Shared, mut writer: impl Write) {
    let mut batch = Vec::new();
    let mut reported = 0;
    while shared.take(&mut batch) {
        // An error of the log itself cannot be logged, but the loss is counted.
        if writer.write_all(&batch).and_then(|()| writer.flush()).is_err() {
            let lines = batch.iter().filter(|byte| **byte == b'\n').count();
            shared.dropped.fetch_add(u64::try_from(lines).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        batch.clear();
        batch.shrink_to(MAX_IDLE_BYTES);
        shared.finish();
        let dropped = shared.dropped.load(Ordering::Relaxed);
        if dropped > reported {
            let lifecycle = shared.dropped_lifecycle.swap(0, Ordering::Relaxed);
            tracing::warn!(target: LIFECYCLE, lines = dropped - reported, lifecycle, "log lines dropped");
            reported = dropped;
        }
    }
}

/// Factory of a writer for each event.
#[derive(Debug)]
pub(super) struct Lines(Queue);

impl Lines {
    pub(super) fn new(queue: Queue) -> Self {
        Self(queue)
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { queue: &self.0, is_urgent: false }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line<'a> {
        Line { queue: &self.0, is_urgent: is_always_written(metadata.target()) }
    }
}

/// Writer of one line: the formatter writes each line whole, in one call.
pub(super) struct Line<'a> {
    queue: &'a Queue,
    is_urgent: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.push(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
