//! Measures the cost of reads while the configuration changes, and the memory that many changes leave allocated.
//!
//! `cargo bench -p live-config`; figures and how to read them are in docs/performance.md.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its figures, or ends")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use live_config::{Contract, Driver, Live, Loaded, Secret, Snapshot, Sources, Timing};
use schemars::JsonSchema;
use serde::Deserialize;
use test_support::kubelet_volume::KubeletVolume;

const READS: u32 = 20_000_000;
const ROUNDS: usize = 5;
const RELOADS: usize = 100_000;
const SWAPS: usize = 200;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Settings {
    #[schemars(length(max = 40), extend("x-on-change" = "hot", "x-expected" = "any text"))]
    name: String,
    #[schemars(extend("x-on-change" = "hot", "x-expected" = "any text"))]
    key: Secret,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    swap(directory.path(), 0);
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().directory(directory.path());
    let loaded = Loaded::<Settings>::read(&contract, &sources).unwrap();
    let timing = Timing { debounce: Duration::ZERO, ..Timing::default() };
    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), timing);
    let driver = runtime.spawn(driver.run());

    println!("median of {ROUNDS} rounds of {READS} reads:");
    say_read_costs("in peace", &live);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = runtime.spawn({
        let (live, stop, path) = (live.clone(), Arc::clone(&stop), directory.path().to_path_buf());
        async move {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                swap(&path, number);
                live.reload().await;
            }
            number
        }
    });
    say_read_costs("under reloads", &live);
    stop.store(true, Ordering::Relaxed);
    let reloads = runtime.block_on(writer).unwrap();
    println!("{reloads} reloads meanwhile");

    let begun = Instant::now();
    let mut resident = Vec::new();
    for number in 1..=RELOADS {
        swap(directory.path(), number);
        runtime.block_on(live.reload());
        if number % (RELOADS / 10) == 0 {
            resident.push(resident_kilobytes());
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("resident memory during {RELOADS} reloads ({seconds:.0} s), kB: {resident:?}");
    println!("generation {}", live.snapshot().generation);
    driver.abort();
    runtime.block_on(delays());
}

/// From a swap to in force, with the timing of a service: 50 ms of it are the debounce.
async fn delays() {
    let directory = tempfile::tempdir().unwrap();
    swap(directory.path(), 0);
    let contract = Contract::of::<Settings>().unwrap();
    let sources = Sources::default().directory(directory.path());
    let loaded = Loaded::<Settings>::read(&contract, &sources).unwrap();
    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), Timing::default());
    let driver = tokio::spawn(driver.run());
    live.reload().await;
    let mut status = live.watch_status();
    let mut delays = Vec::with_capacity(SWAPS);
    for number in 1..=SWAPS {
        swap(directory.path(), number);
        let begun = Instant::now();
        let name = format!("n{number}");
        status.wait_for(|_| live.load().settings.name == name).await.unwrap();
        delays.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    driver.abort();
    delays.sort_by(f64::total_cmp);
    let percentile = |hundredths: usize| delays[(SWAPS * hundredths).div_ceil(100) - 1];
    println!("swap to in force   {:.1} ms p50, {:.1} ms p99, of {SWAPS}", percentile(50), percentile(99));
}

fn say_read_costs(when: &str, live: &Live<Settings>) {
    println!("{when:<14} {:>6.2} ns", read_cost(|| look_at(&live.load())));
}

fn look_at(snapshot: &Snapshot<Settings>) -> (usize, bool) {
    (snapshot.settings.name.len(), snapshot.settings.key.is_empty())
}

/// Nanoseconds of one read.
fn read_cost(mut read: impl FnMut() -> (usize, bool)) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            for _ in 0..READS {
                black_box(read());
            }
            begun.elapsed().as_nanos() as f64 / f64::from(READS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn swap(directory: &Path, number: usize) {
    let files = [("NAME", format!("n{number}")), ("KEY", format!("k{number}"))];
    KubeletVolume::new(directory).write(&files).unwrap();
}

fn resident_kilobytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
