//! All clients of these tests together, for as long as `SOAK_SECONDS` says, with a collector of traces that comes and
//! goes: when they have gone the server holds what it held before, and its memory has not grown with their number.

mod gauges;
mod healthy;
mod load;
mod offenders;
mod samples;

use std::io::Write as _;
use std::time::{Duration, Instant};

use test_support::http::raw::Client;
use test_support::wait::{until_async, within};
use tokio::net::TcpSocket;
use tokio::time::sleep;

use super::child::ChildServer;
use crate::harness::{DEADLINE, LOOPBACK, ms};
use crate::traces::receiver::{Receiver, Reply};
use gauges::{Held, Metrics};
use load::Load;
use samples::Samples;

/// Duration of the ordinary run.
const SECONDS: u64 = 15;

/// Far above what a healthy client here needs, and short enough to be reached many times.
const FLAGS: &str =
    "--limit-header-time=1s --limit-handler-time=1s --limit-write-stall=1s --limit-idle-time=4s";
const HEADER_TIME: Duration = ms(1000);

/// Short enough for the collector to be too late for some.
const EXPORTS: [(&str, &str); 3] = [
    ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "500"),
    ("OTEL_BSP_EXPORT_TIMEOUT", "1000"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_past_clients() {
    let time = time();
    let port = reserved_port();
    let collector = Receiver::start_at(port.local_addr().unwrap(), &[Reply::Taken]).await;
    let endpoint = format!("http://{}", collector.address);
    let variables = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())], &EXPORTS[..]].concat();
    let server = ChildServer::traced(FLAGS, &variables).await;
    let mut admin = Client::connect(server.admin).await;
    let before = at_rest(&mut admin).await;

    let mut load = Load::start(server.public, collector);
    let samples = Samples::take(&mut admin, time, || load.assert_running()).await;
    let tally = load.stop().await;
    // The clients take up to the idle limit to stop, at which the server closes this connection too.
    admin = Client::connect(server.admin).await;
    let after = within_deadlines(&mut admin, before).await;

    let end = Metrics::read(&mut admin).await;
    report(&format!("{tally}\n{samples}after the load: {} KiB, {after:?}\n{end}", end.resident_kib()));
    assert!(tally.failures.is_empty(), "{tally}\n{:#?}", tally.failures);
    assert_eq!(after, before, "what the server holds");
    offenders::assert_noticed(&end);
    // The response with the number is one request more.
    let n_requests = end.requests() + 1 - end.sum("log_lines_dropped_total", &[]);
    let logged = async || server.n_logged_requests();
    until_async(DEADLINE, "a log line for each request", logged, |logged| *logged == n_requests).await;
    samples.assert_flat();
}

fn time() -> Duration {
    let seconds = std::env::var("SOAK_SECONDS").map(|text| text.parse().expect("SOAK_SECONDS is a number"));
    Duration::from_secs(seconds.unwrap_or(SECONDS))
}

/// Reserves the port while it is held, also without a listener on it.
fn reserved_port() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(LOOPBACK).unwrap();
    socket
}

/// Gauges once the first spans are sent, on a connection that is held from then on.
///
/// Sending them takes a moment, so what was read has to be so for a while.
async fn at_rest(admin: &mut Client) -> Held {
    let mut seen = Vec::new();
    within(DEADLINE, "the server to rest", async {
        loop {
            let metrics = Metrics::read(admin).await;
            if metrics.sum("otel_spans_exported_total", &[]) > 0 {
                seen.push(metrics.held());
            }
            if let [.., a, b, c, d, e] = seen[..]
                && [b, c, d, e] == [a; 4]
            {
                return a;
            }
            sleep(ms(50)).await;
        }
    })
    .await
}

/// Gauges once they equal `before` again, or after far more time than any limit.
async fn within_deadlines(admin: &mut Client, before: Held) -> Held {
    let begun = Instant::now();
    loop {
        let held = Metrics::read(admin).await.held();
        if held == before || begun.elapsed() > ms(20_000) {
            return held;
        }
        sleep(ms(50)).await;
    }
}

/// Shown when the test fails; where more than the ordinary run was asked for, always.
#[expect(
    clippy::print_stdout,
    reason = "what is printed so belongs to the test, and is shown with its failure"
)]
fn report(text: &str) {
    if std::env::var_os("SOAK_SECONDS").is_some() {
        let _ = std::io::stderr().write_all(text.as_bytes());
    } else {
        println!("{text}");
    }
}
