//! The aims, all of them, and whether they are met.

use anyhow::Result;
use release::image::megabytes;

use super::super::memory::Memory;
use super::super::report::Row;
use super::super::size::LOADED_MEMORY_AIM;
use super::load::Scenario;
use super::rounds::{Measured, Round};
use super::servers::{BASELINE, CONTROL, FLASK, SERVICE};
use super::service::Service;

/// Least share of bare hyper's throughput with [`FEW`] connections; its processor time per request is at most the inverse.
const THROUGHPUT: f64 = 0.90;
/// Times the 99th percentile of bare hyper's latency, at most, at full pace as at a steady rate.
const P99: f64 = 1.25;
/// The same at full pace with more than [`FEW`] connections.
const P99_OF_A_CROWD: f64 = 1.0;
const FEW: usize = 64;
/// Times the throughput of gunicorn and Flask, at least.
const OVER_FLASK: f64 = 30.0;

/// The share of its processor that bare hyper must have taken. With less, the load or a busy machine held its throughput down, and
/// a service that costs twice as much would seem as fast.
const BUSY: f64 = 0.90;

pub(super) fn rows(measured: &[Measured], service: &Service) -> Result<Vec<Row>> {
    let peak = Memory::peak(service.server.pid())?;
    let memory = Row::new("most resident memory in all rounds", megabytes(peak))
        .aim(megabytes(LOADED_MEMORY_AIM), peak <= LOADED_MEMORY_AIM);
    Ok(measured.iter().flat_map(of_scenario).chain([memory]).collect())
}

/// With many connections what is aimed at is that nobody waits longer where all ask at once; the rest is shown. At a steady rate the
/// reader of the log, which no bare hyper has, shares the processor with the clock, and two bare hypers differ by as much.
fn of_scenario(measured: &Measured) -> Vec<Row> {
    let Scenario { path, connections } = measured.scenario;
    let row = |(what, ratio): (&str, f64)| {
        Row::new(&format!("{path}, {connections}: {what}"), format!("{ratio:.3}"))
    };
    let at_least = |shown: (&str, f64), aim: f64| row(shown).aim(format!("{aim:.2} or more"), shown.1 >= aim);
    let at_most = |shown: (&str, f64), aim: f64| row(shown).aim(format!("{aim:.2} or less"), shown.1 <= aim);
    let to_hyper = |figure| measured.ratio(SERVICE, BASELINE, figure);
    let throughput = ("requests/s, of bare hyper's", to_hyper(Round::throughput));
    let processor = ("CPU time per request, of bare hyper's", to_hyper(Round::processor_us));
    let at_full = ("p99 at full pace, of bare hyper's", to_hyper(Round::p99_at_full_us));
    let at_rate = ("p99 at a steady rate, of bare hyper's", to_hyper(Round::p99_at_rate_us));
    let by_hyper = if connections <= FEW {
        [
            at_least(throughput, THROUGHPUT),
            at_most(processor, 1.0 / THROUGHPUT),
            at_most(at_full, P99),
            at_most(at_rate, P99),
        ]
    } else {
        [row(throughput), row(processor), at_most(at_full, P99_OF_A_CROWD), row(at_rate)]
    };
    let to_itself = measured.ratio(CONTROL, BASELINE, Round::p99_at_rate_us);
    let busy = ("share of its processor that bare hyper took", measured.median(BASELINE, Round::busy));
    let flask = ("requests/s, of Flask's", measured.ratio(SERVICE, FLASK, Round::throughput));
    let mut rows = vec![at_least(busy, BUSY)];
    rows.extend(by_hyper);
    rows.extend([row(("the same of bare hyper once more", to_itself)), at_least(flask, OVER_FLASK)]);
    rows
}
