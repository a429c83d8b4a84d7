//! Time from the change of the mounted files to the signal in the child.

use std::io::{BufRead as _, BufReader};
use std::process::{ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::child::{Running, Scene};
use crate::report::{Row, milliseconds};

const AIM: Duration = Duration::from_millis(60);
const CHANGES: usize = 200;
/// Prints a line at each notification.
const CHILD: &str = "trap 'echo changed' HUP; echo ready; while :; do sleep 600 & wait; done";

pub(super) fn rows(scene: &Scene) -> Result<[Row; 2]> {
    let flags = ["--notify", "signal:HUP"];
    let mut agent = scene.agent(&flags, &["sh", "-c", CHILD]).stdout(Stdio::piped()).spawn()?;
    let output = agent.stdout.take().context("the agent has no output")?;
    let _agent = Running(agent);
    let mut lines = BufReader::new(output);
    expect(&mut lines, "ready")?;
    let mut times = Vec::with_capacity(CHANGES);
    for number in 0..CHANGES {
        let begun = Instant::now();
        scene.mount(1000 + number)?;
        expect(&mut lines, "changed")?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let at = |percent: usize| times.get(CHANGES * percent / 100).copied().unwrap_or(Duration::MAX);
    let row = |name: &str, percent| {
        Row::new(name, milliseconds(at(percent))).aim(milliseconds(AIM), at(percent) <= AIM)
    };
    Ok([row(&format!("change of files to signal in the child, p50 of {CHANGES}"), 50), row("  p99", 99)])
}

fn expect(lines: &mut BufReader<ChildStdout>, expected: &str) -> Result<()> {
    let mut line = String::new();
    lines.read_line(&mut line)?;
    if line.trim_end() == expected { Ok(()) } else { bail!("the child printed {line:?} for {expected:?}") }
}
