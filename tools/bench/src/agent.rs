//! Cost of the agent: the same child alone and under `confpath run`, side by side in one run.

mod child;
mod masking;
mod notification;

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use kit::tools::{self, Use};
use kit::ui;
use release::Program;
use release::image::{binary, megabytes};

use super::memory::Memory;
use super::report::{self, Row, milliseconds};
use super::size::compressed;
use super::spread::Spread;
use child::{Running, Scene};
use notification::Times;

const SIZE_AIM: u64 = 2_500_000;
const MEMORY_AIM: u64 = 5_000_000;
const START_AIM: Duration = Duration::from_millis(10);

const NOTIFICATION_AIM: Duration = Duration::from_millis(60);

const CHANGES: usize = 200;
/// Each takes seconds.
const CHANGES_BY_POLLING: usize = 20;
const STARTS: usize = 100;
/// A child that waits.
const IDLE: [&str; 2] = ["sleep", "600"];
/// After this a process that is left alone has done what it does at the start.
const SETTLED: Duration = Duration::from_secs(2);

/// # Errors
/// A binary cannot be built, or does not run. A missed aim is shown.
pub(super) fn run(install: bool) -> Result<()> {
    tools::require(&[Use::BenchAgent], install)?;
    let consul_template = tools::built("consul-template");
    let confpath = binary::build(Program::Confpath)?;
    let scene = Scene::new(&confpath)?;
    let starts = starts(&scene, &consul_template)?;
    let added = |spread: &Spread| spread.median.saturating_sub(starts.alone.median);
    let idle = idle(scene.agent(&[], &IDLE))?;
    let size = compressed(&confpath)?;
    let mut rows = vec![
        Row::new("image part: binary, compressed", megabytes(size))
            .aim(megabytes(SIZE_AIM), size <= SIZE_AIM),
        Row::new("resident memory of the agent, idle", megabytes(idle.resident))
            .aim(megabytes(MEMORY_AIM), idle.resident <= MEMORY_AIM),
        Row::new("  its proportional share", megabytes(idle.proportional)),
        Row::new("  with --mask-output", megabytes(idle_masking(&scene)?.resident)),
        Row::new(
            &format!("child alone, start to end, median of {STARTS}"),
            milliseconds(starts.alone.median),
        ),
        Row::new("  under the agent", milliseconds(starts.agent.median)),
        Row::new("  added", milliseconds(added(&starts.agent)))
            .aim(milliseconds(START_AIM), added(&starts.agent) <= START_AIM),
    ];
    let agent = scene.agent(&["--notify", "signal:HUP"], &["sh", "-c", notification::CHILD]);
    rows.extend(Times::of(&scene, agent, CHANGES)?.rows(Some(NOTIFICATION_AIM)));
    rows.extend(masking::rows(&scene)?);
    ui::say(report::machine());
    ui::say(report::table(&rows));
    ui::say("\nconsul-template around the same child, which looks at files every two seconds:");
    ui::say(report::table(&of_consul_template(&scene, &consul_template, added(&starts.consul_template))?));
    Ok(())
}

fn of_consul_template(scene: &Scene, program: &Path, added: Duration) -> Result<Vec<Row>> {
    let memory = idle(scene.consul_template(program, &IDLE.join(" "))?)?;
    let mut rows = vec![
        Row::new("binary, compressed", megabytes(compressed(program)?)),
        Row::new("resident memory, idle", megabytes(memory.resident)),
        Row::new("added to the child, start to end", milliseconds(added)),
    ];
    let child = format!("sh -c \"{}\"", notification::CHILD);
    let parent = scene.consul_template(program, &child)?;
    rows.extend(Times::of(scene, parent, CHANGES_BY_POLLING)?.rows(None));
    Ok(rows)
}

/// Times of a child that does nothing, from start to end.
struct Starts {
    alone: Spread,
    agent: Spread,
    consul_template: Spread,
}

/// By turns, so that what else the machine does falls on all.
fn starts(scene: &Scene, consul_template: &Path) -> Result<Starts> {
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..STARTS {
        let commands = [
            scene.alone(&["true"]),
            scene.agent(&[], &["true"]),
            scene.consul_template(consul_template, "true")?,
        ];
        for (mut command, times) in commands.into_iter().zip(&mut times) {
            let begun = Instant::now();
            let status = command.stdout(Stdio::null()).status()?;
            times.push(begun.elapsed());
            if !status.success() {
                bail!("a child that does nothing failed ({status})");
            }
        }
    }
    let [alone, agent, consul_template] = times;
    Ok(Starts {
        alone: Spread::of(alone)?,
        agent: Spread::of(agent)?,
        consul_template: Spread::of(consul_template)?,
    })
}

fn idle(parent: Command) -> Result<Memory> {
    let running = Running::start(parent)?;
    sleep(SETTLED);
    Memory::of(running.id())
}

fn idle_masking(scene: &Scene) -> Result<Memory> {
    idle(scene.agent(&["--mask-output"], &IDLE))
}
