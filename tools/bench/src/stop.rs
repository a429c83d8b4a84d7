//! The end of programs that a benchmark has started.

use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Time for a program to end by itself.
const DEADLINE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// Ends a program. It is asked first, since one with processes below it is the only one that ends them.
pub(crate) fn stop(child: &mut Child) {
    ask(child);
    // It may have ended by then.
    child.kill().ok();
    child.wait().ok();
}

fn ask(child: &mut Child) -> Option<()> {
    kill_process(Pid::from_child(child), Signal::TERM).ok()?;
    let asked = Instant::now();
    while child.try_wait().ok()?.is_none() && asked.elapsed() < DEADLINE {
        sleep(POLL);
    }
    Some(())
}
