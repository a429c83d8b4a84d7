//! Cost of the agent: the same child alone and under `confpath run`, side by side in one run.

mod child;
mod masking;
mod notification;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use kit::ui;
use release::image::{binary, megabytes};

use super::memory::Memory;
use super::report::{self, Row, milliseconds};
use super::spread::Spread;
use child::Scene;

const SIZE_AIM: u64 = 2_500_000;
const MEMORY_AIM: u64 = 5_000_000;
const START_AIM: Duration = Duration::from_millis(10);

const STARTS: usize = 100;
/// After this a process that is left alone has done what it does at the start.
const SETTLED: Duration = Duration::from_secs(2);

/// # Errors
/// The binary cannot be built, or the agent does not run. A missed aim is shown.
pub(super) fn run() -> Result<()> {
    let confpath = binary::build_programs("confpath")?.join("confpath");
    let scene = Scene::new(&confpath)?;
    let compressed = compressed(&confpath)?;
    let (alone, under) = starts(&scene)?;
    let added = under.median.saturating_sub(alone.median);
    let idle = idle(&scene, &[])?;
    let mut rows = vec![
        Row::new("image part: binary, compressed", megabytes(compressed))
            .aim(megabytes(SIZE_AIM), compressed <= SIZE_AIM),
        Row::new("resident memory of the agent, idle", megabytes(idle.resident))
            .aim(megabytes(MEMORY_AIM), idle.resident <= MEMORY_AIM),
        Row::new("  its proportional share", megabytes(idle.proportional)),
        Row::new("  with --mask-output", megabytes(idle_masking(&scene)?.resident)),
        Row::new(&format!("child alone, start to end, median of {STARTS}"), milliseconds(alone.median)),
        Row::new("  under the agent", milliseconds(under.median)),
        Row::new("  added", milliseconds(added)).aim(milliseconds(START_AIM), added <= START_AIM),
    ];
    rows.extend(notification::rows(&scene)?);
    rows.extend(masking::rows(&scene)?);
    ui::say(report::machine());
    ui::say(report::table(&rows));
    Ok(())
}

fn compressed(path: &Path) -> Result<u64> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len() as u64)
}

/// By turns, so that what else the machine does falls on both.
fn starts(scene: &Scene) -> Result<(Spread, Spread)> {
    let (mut alone, mut under) = (Vec::with_capacity(STARTS), Vec::with_capacity(STARTS));
    for _ in 0..STARTS {
        for (command, times) in
            [(scene.alone(&["true"]), &mut alone), (scene.agent(&[], &["true"]), &mut under)]
        {
            let mut command = command;
            let begun = Instant::now();
            let status = command.stdout(Stdio::null()).status()?;
            times.push(begun.elapsed());
            if !status.success() {
                bail!("a child that does nothing failed ({status})");
            }
        }
    }
    Ok((Spread::of(alone)?, Spread::of(under)?))
}

fn idle(scene: &Scene, flags: &[&str]) -> Result<Memory> {
    let running = scene.running(flags, &["sleep", "600"])?;
    sleep(SETTLED);
    Memory::of(running.id())
}

fn idle_masking(scene: &Scene) -> Result<Memory> {
    idle(scene, &["--mask-output"])
}
