//! A command that may refuse a change.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::Duration;

use live_config::{Refusal, RefusalKind};
use rustix::process::Signal;
use tokio::net::unix::pipe::Receiver;
use tokio::time::timeout;

use super::notice::Notice;
use super::reason::Secrets;
use crate::agent::process::{Exit, Process, Processes, first_stage};

/// Exit code of a refusal that may pass (`EX_TEMPFAIL` of sysexits.h).
const TEMPORARY: u8 = 75;
/// Most bytes of standard error that are kept.
const MAX_BYTES: usize = 16 * 1024;
/// Time after the command's end for what it has written: another process may hold its standard error open.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Ends the command with the call, however the call ends.
struct Running(Process);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.signal_group(Signal::KILL);
    }
}

/// Runs the command beside CMD. Its standard output is nobody's: CMD's is CMD's alone.
pub(super) async fn prepare(
    processes: &Processes,
    words: &[OsString],
    notice: &Notice<'_>,
    secrets: &Secrets,
) -> Result<(), Refusal> {
    let cannot_start = |error: io::Error| Refusal::transient(format!("prepare cannot be started: {error}"));
    let Some((program, arguments)) = words.split_first() else { return Ok(()) };
    let mut command = first_stage::command(program, arguments);
    command
        .env("CONFPATH_CANDIDATE", notice.directory)
        .env("CONFPATH_DIGEST", notice.digest)
        .env("CONFPATH_CHANGED", notice.changed.join(","))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut process = Running(processes.spawn(&mut command).map_err(cannot_start)?);
    let stderr = process.0.stderr.take().map(|stderr| Receiver::from_owned_fd(OwnedFd::from(stderr)));
    let stderr = stderr.transpose().map_err(cannot_start)?;
    let (exit, written) = outcome(&process.0, stderr).await;
    let (text, is_whole) = (written.get(..MAX_BYTES).unwrap_or(&written), written.len() <= MAX_BYTES);
    let reason = match secrets.shown(text, is_whole) {
        reason if reason.is_empty() => String::new(),
        reason => format!(": {reason}"),
    };
    let kind = match exit {
        Exit::Code(0) => return Ok(()),
        Exit::Code(TEMPORARY) => RefusalKind::Transient,
        Exit::Code(_) | Exit::Signal(_) => RefusalKind::Permanent,
    };
    Err(Refusal { setting: None, message: format!("prepare ended with {exit}{reason}"), kind })
}

/// Waits for the end of the command, and reads what it writes. A process that it leaves behind is not waited for.
async fn outcome(process: &Process, stderr: Option<Receiver>) -> (Exit, Vec<u8>) {
    let mut written = Vec::new();
    let Some(stderr) = stderr else { return (process.ended().await, written) };
    let mut read = Box::pin(read_all(&stderr, &mut written));
    let exit = tokio::select! {
        exit = process.ended() => {
            let _ = timeout(LAST_WORDS, &mut read).await;
            exit
        }
        () = &mut read => process.ended().await,
    };
    drop(read);
    (exit, written)
}

async fn read_all(stderr: &Receiver, written: &mut Vec<u8>) {
    while stderr.readable().await.is_ok() && read(stderr, written) {}
}

/// Reads what there is; false at the end. More than the most bytes is read and not kept.
fn read(stderr: &Receiver, written: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match stderr.try_read(&mut buffer) {
            Ok(0) => return false,
            Ok(count) => {
                // One more than the most, so that it is known that there was more.
                let room = (MAX_BYTES + 1).saturating_sub(written.len()).min(count);
                written.extend_from_slice(buffer.get(..room).unwrap_or_default());
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(_) => return false,
        }
    }
}
