//! Lines on their way to a thread that writes them, so that a slow reader of the log cannot hold up a request.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use super::LIFECYCLE;
use super::level::is_always_written;

/// Lines waiting to be written; above it lines are dropped and counted.
const MOST_BYTES: usize = 1 << 20;

#[derive(Clone, Debug)]
pub(super) struct Queue {
    sender: Sender<Message>,
    fill: Arc<Fill>,
}

#[derive(Debug, Default)]
struct Fill {
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

enum Message {
    Line(Vec<u8>),
    Flush(Sender<()>),
}

impl Queue {
    pub(super) fn start(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let fill = Arc::new(Fill::default());
        let thread_fill = Arc::clone(&fill);
        thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || write_all(&receiver, &thread_fill, BufWriter::new(writer)))?;
        Ok(Self { sender, fill })
    }

    pub(super) fn dropped(&self) -> u64 {
        self.fill.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn flush(&self, patience: Duration) -> bool {
        let (done, written) = mpsc::channel();
        self.sender.send(Message::Flush(done)).is_ok() && written.recv_timeout(patience).is_ok()
    }

    fn push(&self, line: &[u8], keep: bool) {
        let before = self.fill.bytes.fetch_add(line.len(), Ordering::Relaxed);
        if before + line.len() > MOST_BYTES && !keep {
            self.fill.bytes.fetch_sub(line.len(), Ordering::Relaxed);
            self.fill.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let _ = self.sender.send(Message::Line(line.to_vec()));
    }
}

/// Ends when the last sender is gone. A writer that fails loses the line: there is no second place to report it to.
fn write_all(receiver: &Receiver<Message>, fill: &Fill, mut writer: BufWriter<impl Write>) {
    let mut reported = 0;
    while let Ok(message) = receiver.recv() {
        write(message, fill, &mut writer);
        while let Ok(message) = receiver.try_recv() {
            write(message, fill, &mut writer);
        }
        let _ = writer.flush();
        let dropped = fill.dropped.load(Ordering::Relaxed);
        if dropped > reported {
            tracing::warn!(target: LIFECYCLE, lines = dropped - reported, "log lines dropped");
            reported = dropped;
        }
    }
}

fn write(message: Message, fill: &Fill, writer: &mut BufWriter<impl Write>) {
    match message {
        Message::Line(line) => {
            let _ = writer.write_all(&line);
            fill.bytes.fetch_sub(line.len(), Ordering::Relaxed);
        }
        Message::Flush(done) => {
            let _ = writer.flush();
            let _ = done.send(());
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
