//! One stream of CMD on its way to the agent's own: a thread, which waits as CMD would wait for the reader.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionread, read, write};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::sync::oneshot;

use super::masker::Masker;
use super::masks::Masks;

/// Time for which the beginning of a secret is held back: it may be a prompt.
const HOLD: Duration = Duration::from_millis(50);
/// Content of a pipe.
const PIECE: usize = 64 * 1024;
const STACK: usize = 128 * 1024;

/// A thread that passes a stream on.
pub(crate) struct Pump {
    thread: JoinHandle<()>,
    finished: oneshot::Receiver<()>,
    /// Closed at the end of the process.
    process: Option<OwnedFd>,
}

struct Stream<S> {
    source: OwnedFd,
    sink: S,
    /// Hangs up at the end of the process.
    process: OwnedFd,
    masks: Masks,
    masker: Masker,
    /// Time of the last change of what is held back.
    held_since: Instant,
    masked: Vec<u8>,
}

impl Pump {
    /// Begins to pass on `source` to `sink`, once the pump `before` has ended.
    ///
    /// # Errors
    /// No pipe or thread can be made.
    pub(crate) fn start(
        source: OwnedFd,
        sink: impl AsFd + Send + 'static,
        masks: Masks,
        before: Option<Self>,
    ) -> io::Result<Self> {
        let (ended, process) = pipe_with(PipeFlags::CLOEXEC)?;
        let (sender, finished) = oneshot::channel();
        let masker = Masker::new(masks.needles());
        let (held_since, masked) = (Instant::now(), Vec::new());
        let mut stream = Stream { source, sink, process: ended, masks, masker, held_since, masked };
        let thread = thread::Builder::new().name("output".into()).stack_size(STACK).spawn(move || {
            // A pump that panicked has nothing more to pass on.
            let _ = before.map(|before| before.thread.join());
            // The source is closed with the stream, so that CMD learns of a reader that is gone as from a pipe.
            let _ = stream.pass_on();
            drop(stream);
            // Nobody may wait.
            let _ = sender.send(());
        })?;
        Ok(Self { thread, finished, process: Some(process) })
    }

    /// Passes on what is in the pipe now, and ends.
    pub(crate) fn process_ended(&mut self) {
        self.process = None;
    }

    /// Waits until all is passed on, or the reader is gone.
    pub(crate) async fn finished(&mut self) {
        // A pump that panicked is finished.
        let _ = (&mut self.finished).await;
    }
}

impl<S: AsFd> Stream<S> {
    fn pass_on(&mut self) -> rustix::io::Result<()> {
        let mut piece = vec![0; PIECE];
        loop {
            match self.wait()? {
                Event::Text => {
                    if self.copy(&mut piece)? == 0 {
                        return self.flush();
                    }
                }
                Event::ProcessEnded => {
                    // Others may hold the pipe and write on; CMD wrote what is in it now.
                    let mut rest = ioctl_fionread(&self.source)?;
                    while rest > 0 {
                        match self.copy(&mut piece)? {
                            0 => break,
                            copied => rest = rest.saturating_sub(copied as u64),
                        }
                    }
                    return self.flush();
                }
                Event::Silence => self.flush()?,
            }
        }
    }

    fn wait(&self) -> rustix::io::Result<Event> {
        let hold = (self.masker.held() > 0)
            .then(|| HOLD.saturating_sub(self.held_since.elapsed()))
            .and_then(|time| Timespec::try_from(time).ok());
        let mut events =
            [PollFd::new(&self.source, PollFlags::IN), PollFd::new(&self.process, PollFlags::IN)];
        loop {
            match poll(&mut events, hold.as_ref()) {
                Ok(0) => return Ok(Event::Silence),
                Ok(_) if !events[1].revents().is_empty() => return Ok(Event::ProcessEnded),
                Ok(_) => return Ok(Event::Text),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Passes on one piece of the source; returns its length.
    fn copy(&mut self, piece: &mut [u8]) -> rustix::io::Result<usize> {
        let length = rustix::io::retry_on_intr(|| read(&self.source, &mut *piece))?;
        self.masker.replace_needles(&self.masks.needles());
        let held = self.masker.held();
        self.masker.push(piece.get(..length).unwrap_or_default(), &mut self.masked);
        if held == 0 || !self.masked.is_empty() {
            self.held_since = Instant::now();
        }
        self.write()?;
        Ok(length)
    }

    fn flush(&mut self) -> rustix::io::Result<()> {
        self.masker.flush(&mut self.masked);
        self.write()
    }

    fn write(&mut self) -> rustix::io::Result<()> {
        let written = write_all(self.sink.as_fd(), &self.masked);
        self.masked.clear();
        written
    }
}

enum Event {
    Text,
    /// Nothing came while the beginning of a secret was held back.
    Silence,
    ProcessEnded,
}

/// Waits for the reader, also where someone else has made the description non-blocking.
fn write_all(sink: BorrowedFd<'_>, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        match write(sink, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let mut events = [PollFd::from_borrowed_fd(sink, PollFlags::OUT)];
                rustix::io::retry_on_intr(|| poll(&mut events, None))?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
