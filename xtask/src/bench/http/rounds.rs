//! Turns of load, one server after the other, so that what changes on the machine meets all of them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::super::report;
use super::super::spread::median;
use super::Options;
use super::contestants::{BASELINE, Contestant};
use super::load::{Load, Scenario, Seen};
use super::processor_time;
use crate::ui;

/// One turn of one server.
pub(super) struct Round {
    seen: Seen,
    /// What the server took of its processor.
    processor: Duration,
    /// What anything else took of it.
    others: Duration,
    wall: Duration,
}

impl Round {
    pub(super) fn throughput(&self) -> f64 {
        self.seen.requests as f64 / self.seen.seconds
    }

    /// Of the processor, for one request.
    pub(super) fn processor_us(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.seen.requests as f64
    }

    pub(super) fn p99_us(&self) -> f64 {
        self.seen.p99_us
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
    /// What each server was asked before it was measured.
    warm_up: Vec<Seen>,
}

/// One scenario after the other; in each, all servers take turns.
pub(super) fn run(
    contestants: &[Contestant],
    scenarios: &[Scenario],
    load: &Load,
    options: &Options,
) -> Result<Vec<Measured>> {
    let measure = |&scenario: &Scenario| -> Result<_> {
        let warm = |one: &Contestant| load.run(one.address(), scenario, options.seconds.div_ceil(3));
        let warm_up = contestants.iter().map(warm).collect::<Result<_>>()?;
        let mut rounds: Vec<_> = contestants.iter().map(|_| Vec::new()).collect();
        for number in 1..=options.rounds {
            for (one, rounds) in contestants.iter().zip(&mut rounds) {
                rounds.push(turn(one, scenario, load, options.seconds)?);
            }
            let Scenario { path, connections } = scenario;
            ui::say(format!("{path}, {connections} connections: round {number} of {}", options.rounds));
        }
        Ok(Measured { scenario, rounds, warm_up })
    };
    scenarios.iter().map(measure).collect()
}

fn turn(one: &Contestant, scenario: Scenario, load: &Load, seconds: u32) -> Result<Round> {
    let times = || -> Result<_> {
        let server = load.processors().server;
        Ok((processor_time::of_tree(one.pid())?, processor_time::of_processor(server)?, Instant::now()))
    };
    let (own, all, begun) = times()?;
    let seen = load.run(one.address(), scenario, seconds)?;
    let (own_after, all_after, ended) = times()?;
    if seen.requests == 0 {
        bail!("{} answered nothing to {scenario:?} in {seconds} s: {seen:?}", one.name);
    }
    let processor = own_after.saturating_sub(own);
    let others = all_after.saturating_sub(all).saturating_sub(processor);
    Ok(Round { seen, processor, others, wall: ended.duration_since(begun) })
}

impl Measured {
    /// Answered by this server, warm-up included.
    pub(super) fn requests(&self, server: usize) -> u64 {
        self.seen(server).map(|seen| seen.requests).sum()
    }

    /// Failed at this server, warm-up included.
    pub(super) fn failures(&self, server: usize) -> u64 {
        self.seen(server).map(|seen| seen.failures).sum()
    }

    fn seen(&self, server: usize) -> impl Iterator<Item = Seen> {
        let rounds = self.rounds[server].iter().map(|round| round.seen);
        rounds.chain(std::iter::once(self.warm_up[server]))
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

    pub(super) fn table(&self, contestants: &[Contestant]) -> String {
        let row = |(server, one): (usize, &Contestant)| {
            let ratio = |figure| format!("{:.3}", self.ratio(server, BASELINE, figure));
            vec![
                one.name.to_owned(),
                format!("{:.0}", self.median(server, Round::throughput)),
                ratio(Round::throughput),
                format!("{:.2}", self.median(server, Round::processor_us)),
                ratio(Round::processor_us),
                format!("{:.0}", self.median(server, |round| round.seen.p50_us)),
                format!("{:.0}", self.median(server, Round::p99_us)),
                ratio(Round::p99_us),
                format!("{:.0} %", self.median(server, Round::busy) * 100.0),
                format!("{:.0} %", self.median(server, Round::used_by_others) * 100.0),
                self.failures(server).to_string(),
            ]
        };
        let headers = [
            "",
            "requests/s",
            "ratio",
            "CPU µs/request",
            "ratio",
            "p50 µs",
            "p99 µs",
            "ratio",
            "busy",
            "others",
            "failures",
        ];
        let rows: Vec<_> = contestants.iter().enumerate().map(row).collect();
        let Scenario { path, connections } = self.scenario;
        let rounds = self.rounds[BASELINE].len();
        format!(
            "\n{path}, {connections} connections: medians of {rounds} rounds, ratios to {}\n{}",
            contestants[BASELINE].name,
            report::grid(&headers, &rows)
        )
    }
}
