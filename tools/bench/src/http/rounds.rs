//! Turns of load, one server after the other, so that what changes on the machine meets all of them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use kit::ui;

use super::super::report;
use super::super::spread::median;
use super::latency::{Clock, Latency, Pace, STEADY_SHARE};
use super::load::{Load, Scenario, Seen};
use super::options::Options;
use super::processor_time;
use super::servers::{BASELINE, HttpServer};

/// Columns of the table of rounds.
const COLUMNS: [&str; 15] = [
    "",
    "requests/s",
    "ratio",
    "CPU µs/request",
    "ratio",
    "busy",
    "others",
    "p50 µs",
    "p99 µs",
    "ratio",
    "steady p50 µs",
    "p99 µs",
    "ratio",
    "p99.9 µs",
    "failures",
];

/// A server that answers less than this part of what it can is not held up by its load.
const HEADROOM: f64 = 0.8;

/// One turn of one server.
pub(super) struct Round {
    seen: Seen,
    at_full: Latency,
    /// None of a server that cannot keep up with the rate.
    at_rate: Option<Latency>,
    /// Processor time of the server.
    processor: Duration,
    /// Processor time of all other processes.
    others: Duration,
    wall: Duration,
}

impl Round {
    pub(super) fn throughput(&self) -> f64 {
        self.seen.throughput()
    }

    /// Processor time of one request, in microseconds.
    pub(super) fn processor_us(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.seen.requests as f64
    }

    /// While each connection asks again at once.
    pub(super) fn p99_at_full_us(&self) -> f64 {
        self.at_full.p99_us
    }

    /// At the steady rate; not a number if it was not asked.
    pub(super) fn p99_at_rate_us(&self) -> f64 {
        self.at_rate.map_or(f64::NAN, |latency| latency.p99_us)
    }

    /// The share of its processor that the server took. Well below 1, it was not the server that held the throughput down.
    pub(super) fn busy(&self) -> f64 {
        self.processor.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// The share that anything else took, which is noise.
    fn used_by_others(&self) -> f64 {
        self.others.as_secs_f64() / self.wall.as_secs_f64()
    }
}

/// All turns of one scenario.
pub(super) struct Measured {
    pub(super) scenario: Scenario,
    /// By server, then by turn.
    rounds: Vec<Vec<Round>>,
    /// Results of the warm-up of each server.
    warm_up: Vec<Seen>,
    /// Requests a second at which latencies were measured.
    rate: u32,
}

/// The load generators.
pub(super) struct Loads {
    pub(super) wrk: Load,
    pub(super) clock: Clock,
}

/// One scenario after the other; in each, all servers take turns.
pub(super) fn run(
    servers: &[HttpServer],
    scenarios: &[Scenario],
    loads: &Loads,
    options: &Options,
) -> Result<Vec<Measured>> {
    let measure = |&scenario: &Scenario| -> Result<_> {
        let warm = |one: &HttpServer| loads.wrk.run(one.address(), scenario, options.seconds.div_ceil(3));
        let warm_up = servers.iter().map(warm).collect::<Result<Vec<_>>>()?;
        let rate = (warm_up[BASELINE].throughput() * STEADY_SHARE) as u32;
        let mut rounds: Vec<_> = servers.iter().map(|_| Vec::new()).collect();
        for number in 1..=options.rounds {
            for ((one, rounds), warm_up) in servers.iter().zip(&mut rounds).zip(&warm_up) {
                let keeps_up = warm_up.throughput() * HEADROOM > f64::from(rate);
                let rate = keeps_up.then_some(Pace::Rate(rate));
                rounds.push(turn(one, scenario, loads, rate, options.seconds)?);
            }
            let Scenario { path, connections } = scenario;
            ui::say(format!("{path}, {connections} connections: round {number} of {}", options.rounds));
        }
        Ok(Measured { scenario, rounds, warm_up, rate })
    };
    scenarios.iter().map(measure).collect()
}

fn turn(
    one: &HttpServer,
    scenario: Scenario,
    loads: &Loads,
    rate: Option<Pace>,
    seconds: u32,
) -> Result<Round> {
    let times = || -> Result<_> {
        let server = loads.wrk.processors().server;
        Ok((processor_time::of_tree(one.pid())?, processor_time::of_processor(server)?, Instant::now()))
    };
    let (own, all, begun) = times()?;
    let seen = loads.wrk.run(one.address(), scenario, seconds)?;
    let (own_after, all_after, ended) = times()?;
    if seen.requests == 0 {
        bail!("{} answered nothing to {scenario:?} in {seconds} s: {seen:?}", one.name);
    }
    let processor = own_after.saturating_sub(own);
    let others = all_after.saturating_sub(all).saturating_sub(processor);
    let latency = |pace| loads.clock.run(one.address(), scenario, pace, seconds);
    let (at_full, at_rate) = (latency(Pace::Full)?, rate.map(latency).transpose()?);
    Ok(Round { seen, at_full, at_rate, processor, others, wall: ended.duration_since(begun) })
}

impl Measured {
    /// Answered by this server, warm-up included.
    pub(super) fn requests(&self, server: usize) -> u64 {
        self.warm_up[server].requests + self.sum(server, |seen| seen.requests, |latency| latency.answered)
    }

    /// Failed at this server, warm-up included.
    pub(super) fn failures(&self, server: usize) -> u64 {
        self.warm_up[server].failures + self.sum(server, |seen| seen.failures, |latency| latency.failures)
    }

    fn sum(&self, server: usize, wrk: fn(&Seen) -> u64, clock: fn(&Latency) -> u64) -> u64 {
        let of_round = |round: &Round| {
            wrk(&round.seen) + clock(&round.at_full) + round.at_rate.as_ref().map_or(0, clock)
        };
        self.rounds[server].iter().map(of_round).sum()
    }

    /// The median over the rounds.
    pub(super) fn median(&self, server: usize, figure: fn(&Round) -> f64) -> f64 {
        median(self.rounds[server].iter().map(figure).collect())
    }

    /// The median over the rounds of the ratio within each round.
    pub(super) fn ratio(&self, server: usize, to: usize, figure: fn(&Round) -> f64) -> f64 {
        let pairs = self.rounds[server].iter().zip(&self.rounds[to]);
        median(pairs.map(|(one, other)| figure(one) / figure(other)).collect())
    }

    pub(super) fn table(&self, servers: &[HttpServer]) -> String {
        let row = |(server, one): (usize, &HttpServer)| {
            let ratio = |figure| shown(self.ratio(server, BASELINE, figure), 3);
            let at_rate = |figure: fn(&Latency) -> f64| {
                let latencies = self.rounds[server].iter().filter_map(|round| round.at_rate.as_ref());
                shown(median(latencies.map(figure).collect()), 0)
            };
            vec![
                one.name.to_owned(),
                shown(self.median(server, Round::throughput), 0),
                ratio(Round::throughput),
                shown(self.median(server, Round::processor_us), 2),
                ratio(Round::processor_us),
                format!("{:.0} %", self.median(server, Round::busy) * 100.0),
                format!("{:.0} %", self.median(server, Round::used_by_others) * 100.0),
                shown(self.median(server, |round| round.at_full.p50_us), 0),
                shown(self.median(server, Round::p99_at_full_us), 0),
                ratio(Round::p99_at_full_us),
                at_rate(|latency| latency.p50_us),
                at_rate(|latency| latency.p99_us),
                ratio(Round::p99_at_rate_us),
                at_rate(|latency| latency.p999_us),
                self.failures(server).to_string(),
            ]
        };
        let rows: Vec<_> = servers.iter().enumerate().map(row).collect();
        let Scenario { path, connections } = self.scenario;
        let (rounds, rate) = (self.rounds[BASELINE].len(), self.rate);
        format!(
            "\n{path}, {connections} connections: medians of {rounds} rounds, ratios to {}; steady is {rate} requests/s\n{}",
            servers[BASELINE].name,
            report::grid(&COLUMNS, &rows)
        )
    }
}

/// A dash for what was not measured.
fn shown(figure: f64, decimals: usize) -> String {
    if figure.is_nan() { "-".to_owned() } else { format!("{figure:.decimals$}") }
}
