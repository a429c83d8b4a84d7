//! The cost of a reload for requests served meanwhile: the same load with and without reloads, side by side.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kit::ui;
use release::{Program, image};

use super::client::Client;
use super::mount::Mount;
use super::report::{self, Row};
use super::server::{Launch, Server};
use super::spread::median;

const ROUNDS: usize = 10;
const ROUND: Duration = Duration::from_secs(2);
const RELOADS_A_ROUND: usize = 20;
const CLIENTS: usize = 4;
/// With reloads, the slowest hundredth may take this many times as long as without.
const AIM: f64 = 1.2;

pub(super) fn run() -> Result<()> {
    let binary = image::binary::build(Program::Myapp)?;
    let mut mount = Mount::new()?;
    let flags = ["--config-dir", &mount.path().to_string_lossy()];
    let server = Server::start_with(&binary, Launch { flags: &flags, ..Launch::default() })?;
    round(&server, &mut mount, 0)?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for number in 1..=ROUNDS {
        without.push(round(&server, &mut mount, 0)?);
        with.push(round(&server, &mut mount, RELOADS_A_ROUND)?);
        ui::say(format!("round {number} of {ROUNDS}"));
    }
    let generation = server.generation()?;
    if generation <= (ROUNDS * RELOADS_A_ROUND / 2) as u64 {
        bail!("only {generation} generations came into force: the reloads were not measured");
    }

    let ratios = without.iter().zip(&with).map(|(a, b)| b.p99.as_secs_f64() / a.p99.as_secs_f64());
    let ratio = median(ratios.collect());
    let of = |rounds: &[Latencies], pick: fn(&Latencies) -> Duration| {
        let median = median(rounds.iter().map(|round| pick(round).as_secs_f64() * 1e6).collect());
        format!("{median:.0} µs")
    };
    let answered =
        |rounds: &[Latencies]| rounds.iter().map(|round| round.answered).sum::<usize>().to_string();
    ui::say(report::machine());
    ui::say(report::table(&[
        Row::new("generations that came into force", generation.to_string()),
        Row::new("requests answered without reloads", answered(&without)),
        Row::new("requests answered with reloads", answered(&with)),
        Row::new("median without, median of rounds", of(&without, |round| round.p50)),
        Row::new("median with", of(&with, |round| round.p50)),
        Row::new("p99 without", of(&without, |round| round.p99)),
        Row::new("p99 with", of(&with, |round| round.p99)),
        Row::new("p99 with / without, median of rounds", format!("{ratio:.2}"))
            .aim(format!("{AIM:.2}"), ratio <= AIM),
    ]));
    Ok(())
}

/// Latencies of the requests of one round.
struct Latencies {
    answered: usize,
    p50: Duration,
    p99: Duration,
}

/// Keeps all clients asking for the length of a round, while the directory is swapped so many times.
fn round(server: &Server, mount: &mut Mount, reloads: usize) -> Result<Latencies> {
    let stop = AtomicBool::new(false);
    let times = std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|_| scope.spawn(|| ask_until(&stop, server.public()))).collect();
        let swapped = swap_evenly(mount, reloads);
        stop.store(true, Ordering::Relaxed);
        let mut times = Vec::new();
        for client in clients {
            times.extend(client.join().map_err(|_| anyhow::anyhow!("a client panicked"))??);
        }
        swapped.map(|()| times)
    });
    let mut times: Vec<Duration> = times?;
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().context("nothing was answered");
    Ok(Latencies { answered: times.len(), p50: at(50)?, p99: at(99)? })
}

/// Any failed request fails the benchmark: reloads must not be seen by clients.
fn ask_until(stop: &AtomicBool, address: std::net::SocketAddr) -> Result<Vec<Duration>> {
    let mut client = Client::connect(address)?;
    let mut times = Vec::with_capacity(1 << 16);
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        client.get("/config")?;
        times.push(asked.elapsed());
    }
    Ok(times)
}

fn swap_evenly(mount: &mut Mount, reloads: usize) -> Result<()> {
    let pause = ROUND / u32::try_from(reloads.max(1))?;
    for _ in 0..reloads.max(1) {
        if reloads > 0 {
            mount.swap()?;
        }
        std::thread::sleep(pause);
    }
    Ok(())
}
