//! Throughput of masked output, beside that of a pipe without the agent.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::child::Scene;
use crate::report::Row;
use crate::spread::Spread;

/// Bytes a second.
const AIM: f64 = 200e6;
const ROUNDS: usize = 5;
const BYTES: usize = 256_000_000;

pub(super) fn rows(scene: &Scene) -> Result<[Row; 2]> {
    let length = write_log(scene)?;
    let (mut alone, mut masked) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(read_all(scene.alone(&["cat", "log"]), length)?);
        masked.push(read_all(scene.agent(&["--mask-output"], &["cat", "log"]), length)?);
    }
    let (alone, masked) = (rate(length, &Spread::of(alone)?), rate(length, &Spread::of(masked)?));
    let shown = |rate: f64| format!("{:.0} MB/s", rate / 1e6);
    Ok([
        Row::new(
            &format!("output of {} MB through a pipe, median of {ROUNDS}", length / 1_000_000),
            shown(alone),
        ),
        Row::new("  masked by the agent", shown(masked)).aim(shown(AIM), masked >= AIM),
    ])
}

/// A log such as services write, without a secret, so that its length stays.
fn write_log(scene: &Scene) -> Result<usize> {
    let mut file = BufWriter::new(File::create(scene.path().join("log"))?);
    let mut length = 0;
    for number in 0.. {
        let line = format!(
            "{{\"time\":\"2026-01-01T00:00:00.000Z\",\"level\":\"info\",\"message\":\"request\",\"path\":\"/api/v1/items/{number}\",\"status\":200,\"took\":\"1.5ms\"}}\n"
        );
        file.write_all(line.as_bytes())?;
        length += line.len();
        if length >= BYTES {
            break;
        }
    }
    file.flush()?;
    Ok(length)
}

fn read_all(mut command: Command, expected: usize) -> Result<Duration> {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut output = child.stdout.take().context("a child has no output")?;
    let mut piece = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match output.read(&mut piece)? {
            0 => break,
            read => length += read,
        }
    }
    let status = child.wait()?;
    let took = begun.elapsed();
    if !status.success() || length != expected {
        bail!("{length} of {expected} bytes came ({status})");
    }
    Ok(took)
}

fn rate(length: usize, times: &Spread) -> f64 {
    length as f64 / times.median.as_secs_f64()
}
