//! Lines on their way to a thread that writes them, so that a slow reader of the log cannot hold up a request.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use super::level::is_always_written;

/// Lines waiting to be written; above it lines are dropped and counted.
const MOST_BYTES: usize = 1 << 20;

/// The same for lines to keep. They are dropped only where the ordinary ones have been for long: a log that nobody reads must
/// not cost the process its memory.
const MOST_KEPT_BYTES: usize = 2 * MOST_BYTES;

/// Time in which further lines join the first of a batch: under load the writer wakes a thousand times a second, not once
/// a line. Longer batches leave the processor's cache before they are written, and no longer fit a pipe, which costs more
/// than it saves. A line that must not be lost does not wait.
const GATHER: Duration = Duration::from_millis(1);

/// What a buffer may keep in memory while nothing is written.
const IDLE_BYTES: usize = 64 << 10;

#[derive(Clone, Debug)]
pub(super) struct Queue(Arc<Owner>);

/// The writer ends with the last of its queues.
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
    /// For the writer: there is something to do, or no more time to gather.
    wake: Condvar,
    /// For those who flush: another batch is written.
    written: Condvar,
    dropped: AtomicU64,
    /// Of them, those that were to be kept.
    dropped_kept: AtomicU64,
}

#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    writer_sleeps: bool,
    is_urgent: bool,
    has_ended: bool,
    /// Batches taken by the writer, and those of them that are written.
    taken: u64,
    finished: u64,
}

impl Queue {
    pub(super) fn start(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let queue = Self(Arc::new(Owner(Arc::clone(&shared))));
        // Never joined: a writer that hangs in its sink could not be waited for.
        thread::Builder::new().name("log-writer".to_owned()).spawn(move || write_all(&shared, writer))?;
        Ok(queue)
    }

    fn shared(&self) -> &Shared {
        &self.0.0
    }

    /// Lines lost because the reader of the log was too slow, or is gone.
    pub(super) fn dropped(&self) -> u64 {
        self.shared().dropped.load(Ordering::Relaxed)
    }

    /// Waits until all lines so far are written; false when that takes longer than `patience`.
    pub(super) fn flush(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
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

    /// Takes a whole line. One to `keep` is written without delay, and dropped only where there is no room for any other.
    pub(super) fn push(&self, line: &[u8], keep: bool) {
        let mut pending = self.shared().lock();
        let most = if keep { MOST_KEPT_BYTES } else { MOST_BYTES };
        if pending.bytes.len().saturating_add(line.len()) > most {
            self.shared().dropped.fetch_add(1, Ordering::Relaxed);
            self.shared().dropped_kept.fetch_add(u64::from(keep), Ordering::Relaxed);
            return;
        }
        pending.bytes.extend_from_slice(line);
        let is_urgent = keep || pending.bytes.len() > MOST_BYTES / 2;
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

    /// Waits for lines and exchanges them for the empty `batch`; false when no more can come.
    fn take(&self, batch: &mut Vec<u8>) -> bool {
        // Where lines come one after the other, none of them has to wake the writer: it looks again by itself.
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

    /// Lets lines come together, unless some must be written now.
    fn gather<'a>(&self, pending: MutexGuard<'a, Pending>) -> MutexGuard<'a, Pending> {
        if pending.is_urgent || pending.has_ended { pending } else { wait(&self.wake, pending, GATHER) }
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
        // There is no second place to report to, but the loss is counted.
        if writer.write_all(&batch).and_then(|()| writer.flush()).is_err() {
            let lines = batch.iter().filter(|byte| **byte == b'\n').count();
            shared.dropped.fetch_add(u64::try_from(lines).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        batch.clear();
        batch.shrink_to(IDLE_BYTES);
        shared.finish();
        let dropped = shared.dropped.load(Ordering::Relaxed);
        if dropped > reported {
            let lifecycle = shared.dropped_kept.swap(0, Ordering::Relaxed);
            tracing::warn!(target: super::LIFECYCLE, lines = dropped - reported, lifecycle, "log lines dropped");
            reported = dropped;
        }
    }
}

/// Makes a writer for each event.
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
        Line { queue: &self.0, keep: false }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line<'a> {
        Line { queue: &self.0, keep: is_always_written(metadata.target()) }
    }
}

/// The formatter hands over each line whole, in one call.
pub(super) struct Line<'a> {
    queue: &'a Queue,
    keep: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.push(line, self.keep);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
