//! Size, start and work of the static release binary of `confpath`, beside what they are to stay below.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kit::{ui, workspace};
use release::Program;
use release::image::{binary, megabytes};

use super::report::{self, Row, milliseconds};
use super::size::compressed;
use super::spread::Spread;

const SIZE_AIM: u64 = 6_000_000;
const START_AIM: Duration = Duration::from_millis(10);
const GENERATE_AIM: Duration = Duration::from_millis(200);
const CHECK_AIM: Duration = Duration::from_secs(2);

const ROUNDS: usize = 20;
/// Values files of one call of `check`.
const FILES: usize = 1000;

/// # Errors
/// The binary cannot be built, or one of its calls fails. A missed aim is shown.
pub(super) fn run() -> Result<()> {
    let confpath = binary::build(Program::Confpath)?;
    let compressed = compressed(&confpath)?;

    let start = timed(ROUNDS, || called(&confpath, workspace::root(), ["--version"]))?;
    let generate = timed(ROUNDS, || called(&confpath, workspace::root(), ["generate", "--check"]))?;
    let check = check_many(&confpath)?;
    let rows = [
        Row::new("binary", megabytes(fs::metadata(&confpath)?.len())),
        Row::new("binary, compressed", megabytes(compressed))
            .aim(megabytes(SIZE_AIM), compressed <= SIZE_AIM),
        timing(&format!("start, median of {ROUNDS}"), start.median, START_AIM),
        timing(&format!("generate for myapp, median of {ROUNDS}"), generate.median, GENERATE_AIM),
        timing(&format!("check of {FILES} values files"), check.median, CHECK_AIM),
    ];
    ui::say(report::machine());
    ui::say(report::table(&rows));
    Ok(())
}

fn timing(what: &str, time: Duration, aim: Duration) -> Row {
    Row::new(what, milliseconds(time)).aim(milliseconds(aim), time <= aim)
}

/// Many files, each of which overrides the one before it.
fn check_many(confpath: &Path) -> Result<Spread> {
    let folder = tempfile::tempdir()?;
    let mut arguments: Vec<String> = ["check", "--contract"].map(Into::into).into();
    arguments.push(workspace::root().join("apps/myapp/contract.json").display().to_string());
    arguments.push("--without-secrets".into());
    for number in 0..FILES {
        let path = folder.path().join(format!("{number}.yaml"));
        fs::write(&path, format!("config:\n  LOG_LEVEL: info\n  MAX_CONNECTIONS: {}\n", 1 + number % 1000))?;
        arguments.extend(["--values".into(), path.display().to_string()]);
    }
    timed(3, || called(confpath, folder.path(), arguments.iter().map(String::as_str)))
}

fn timed(rounds: usize, mut work: impl FnMut() -> Result<()>) -> Result<Spread> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let begin = Instant::now();
        work()?;
        times.push(begin.elapsed());
    }
    Spread::of(times)
}

fn called<'a>(confpath: &Path, folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let mut command = Command::new(confpath);
    command.current_dir(folder).args(arguments).stdout(Stdio::null());
    let status = command.status().with_context(|| format!("cannot start {}", confpath.display()))?;
    if status.success() { Ok(()) } else { bail!("{} failed ({status})", confpath.display()) }
}
