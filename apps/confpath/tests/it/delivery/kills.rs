//! Kills of the agent and of CMD, and a node without room for watchers, at random moments: no torn file, no orphan, a true state.
//!
//! `CONFPATH_TEST_KILL_SECONDS=120` makes it run for that long, `CONFPATH_TEST_SEED=N` along the same random numbers again.

mod node;
mod reader;
mod scene;

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::Service;
use node::Limits;
use reader::{Seen, read_until};
use scene::Scene;

const ORDINARY_SECONDS: u64 = 10;

/// The secret of the configuration with that number, whose other settings are the number itself.
fn token(number: u64) -> String {
    format!("{}-{number}", crate::MARKED)
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap())
}

/// A step at random.
fn step(scene: &mut Scene) {
    match scene.random.u8(..12) {
        0..=2 => scene.edit(),
        3 => (0..scene.random.u8(2..20)).for_each(|_| scene.edit()),
        4 => scene.edit_and_die(),
        5 | 6 => scene.edit_wrongly(),
        7 => scene.exchange(),
        8 | 9 => scene.kill_agent(),
        _ => scene.kill_cmd(),
    }
    thread::sleep(Duration::from_millis(scene.random.u64(..40)));
}

/// Limits of the node for the round of this number. The first two have nothing to do with chance: each run has both.
fn limits(random: &mut Rng, round: usize) -> Limits {
    let [instances, watches] = [[128, 0, 1], [8192, 0, 2]];
    match round {
        0 => Limits::AMPLE,
        1 => Limits { instances: 0, ..Limits::AMPLE },
        // Each look without events takes 5 s, in which nothing else is done.
        _ if random.u8(..3) > 0 => Limits::AMPLE,
        _ => Limits { instances: instances[random.usize(..3)], watches: watches[random.usize(..3)] },
    }
}

fn rounds(scene: &mut Scene, until: Instant, ended: &AtomicBool) {
    for round in 0.. {
        if round > 1 && Instant::now() > until || ended.load(Ordering::SeqCst) {
            break;
        }
        let limits = limits(&mut scene.random, round);
        scene.limit(limits);
        (0..scene.random.u8(20..50)).for_each(|_| step(scene));
        scene.is_true();
    }
}

/// Runs all rounds with readers beside them, and returns what these have seen.
fn run(scene: &mut Scene, until: Instant) -> [Seen; 2] {
    let (ended, current) = (&AtomicBool::new(false), &scene.current());
    thread::scope(|threads| {
        let readers = [true, false]
            .map(|by_descriptor| threads.spawn(move || read_until(ended, current, by_descriptor)));
        let done = catch_unwind(AssertUnwindSafe(|| {
            rounds(scene, until, ended);
            scene.ends_clean();
        }));
        ended.store(true, Ordering::SeqCst);
        // A torn read comes first: what else failed may follow from it.
        let seen = readers.map(|reader| reader.join().unwrap().unwrap_or_else(|fault| panic!("{fault}")));
        done.unwrap_or_else(|failed| resume_unwind(failed));
        seen
    })
}

#[test]
fn kills_at_random_leave_truth_and_nothing_torn() {
    let seed = variable("CONFPATH_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    let seconds = variable("CONFPATH_TEST_KILL_SECONDS").unwrap_or(ORDINARY_SECONDS);
    println!("CONFPATH_TEST_SEED={seed}");
    let mut scene = Scene::start(Service::new("--keep 2s --ack file --ack-timeout 60s"), seed);
    if !scene.has_node() {
        let skipped = "skipped: limits of inotify, since this user may make no user namespace";
        writeln!(std::io::stderr(), "{skipped}").unwrap();
    }
    let seen = run(&mut scene, Instant::now() + Duration::from_secs(seconds));
    let [whole, gone] =
        [|seen: &Seen| seen.whole, |seen: &Seen| seen.gone].map(|of| seen.iter().map(of).sum::<usize>());
    println!("{}; {whole} whole reads, {gone} of a generation that went", scene.tally());
    assert!(seen.iter().all(|seen| seen.whole > 0));
}
