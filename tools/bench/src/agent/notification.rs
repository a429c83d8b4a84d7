//! Time from the change of the mounted files to the signal in the child.

use std::io::{BufRead as _, BufReader};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::child::{Running, Scene};
use crate::report::{Row, milliseconds};

/// A script that prints a line at each notification.
pub(super) const CHILD: &str = "trap 'echo changed' HUP; echo ready; while :; do sleep 600 & wait; done";

/// Times of some changes.
pub(super) struct Times(Vec<Duration>);

impl Times {
    /// Changes the files `changes` times under `parent`, which runs [`CHILD`].
    pub(super) fn of(scene: &Scene, mut parent: Command, changes: usize) -> Result<Self> {
        let mut parent = parent.stdout(Stdio::piped()).spawn()?;
        let output = parent.stdout.take().context("the parent of the child has no output")?;
        let _parent = Running(parent);
        let mut lines = BufReader::new(output);
        expect(&mut lines, "ready")?;
        let mut times = Vec::with_capacity(changes);
        for number in 0..changes {
            let begun = Instant::now();
            scene.mount(1000 + number)?;
            expect(&mut lines, "changed")?;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        Ok(Self(times))
    }

    fn at(&self, percent: usize) -> Duration {
        self.0.get(self.0.len() * percent / 100).copied().unwrap_or(Duration::MAX)
    }

    /// The 50th and the 99th percentile, each with `aim` where there is one.
    pub(super) fn rows(&self, aim: Option<Duration>) -> [Row; 2] {
        let row = |name: &str, percent| {
            let seen = self.at(percent);
            let row = Row::new(name, milliseconds(seen));
            match aim {
                Some(aim) => row.aim(milliseconds(aim), seen <= aim),
                None => row,
            }
        };
        let first = format!("change of files to signal in the child, p50 of {}", self.0.len());
        [row(&first, 50), row("  p99", 99)]
    }
}

fn expect(lines: &mut BufReader<ChildStdout>, expected: &str) -> Result<()> {
    let mut line = String::new();
    lines.read_line(&mut line)?;
    if line.trim_end() == expected { Ok(()) } else { bail!("the child printed {line:?} for {expected:?}") }
}
