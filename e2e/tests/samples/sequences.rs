//! Sequences of edits under one agent and one service for each language: what the service itself has read is always whole, and the
//! last valid configuration wins.
//!
//! `SEQUENCES=10000` follows so many of them for each language, `SEED=N` the same ones again.

mod disk;
mod language;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use e2e::confpath;
use fastrand::Rng;
use serde_json::Value;
use tempfile::TempDir;
use test_support::wait;

use crate::rotation::{free_addresses, get};
use disk::Disk;
use language::{Language, Texts};

const ORDINARY: usize = 500;
/// Within which the last valid configuration is in the service.
const AIM: Duration = Duration::from_secs(1);
/// One of so many may take longer: for a machine under load.
const ONE_LATE_OF: usize = 100;
const PATIENCE: Duration = Duration::from_secs(20);

/// A generation that the service has read.
struct Told {
    at: Instant,
    digest: String,
    texts: Texts,
}

/// The agent around the service. Both end with the value.
struct Running {
    folder: TempDir,
    admin: SocketAddr,
    agent: Child,
    told: Receiver<Told>,
    language: Language,
    /// The number of the configuration that was read last, and its digest.
    last: (u64, String),
    /// Number and seal of the configuration on the disk when the agent and the disk agreed last.
    found: (u64, String),
    reads: usize,
}

impl Running {
    /// Starts both on what lies on `disk`.
    fn start(language: Language, folder: TempDir, disk: &Disk, calls: SocketAddr) -> Self {
        let [admin] = free_addresses();
        let command = (language.build)(folder.path());
        let mut agent = Command::new(confpath::binary().unwrap());
        agent.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        agent
            .args(["run", "--out", "out", "--keep", "2s", "--ack-timeout", "60s", "--config-dir"])
            .arg(&disk.mount);
        agent.arg("--contract").arg(language.sample().join("contract.json"));
        agent.args((language.hooks)(calls)).args(["--admin-listen", &admin.to_string(), "--"]).args(command);
        agent.env("CONFIG_DIR", folder.path().join("out/current")).current_dir(folder.path());
        agent.env("PYTHONPATH", language.sample()).env("PYTHONDONTWRITEBYTECODE", "1");
        let log = File::create(folder.path().join("log")).unwrap();
        let mut agent = agent.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let lines = BufReader::new(agent.stdout.take().unwrap()).lines();
        let (sender, told) = channel();
        // The thread ends with the output, or with the test.
        thread::spawn(move || {
            lines.map_while(Result::ok).try_for_each(|line| sender.send(Told::parse(&line)))
        });
        Self { folder, admin, agent, told, language, last: <_>::default(), found: <_>::default(), reads: 0 }
    }

    /// Takes one line of the service, which must be of one configuration, and of none before the last one.
    fn take(&mut self, told: &Told) {
        let number = self.language.number(&told.texts);
        assert_eq!(told.texts, (self.language.texts)(number), "torn, with digest {}", told.digest);
        assert!(number >= self.last.0, "{number} after {}", self.last.0);
        assert_eq!(told.digest.len(), 64, "{}", told.digest);
        self.last = (number, told.digest.clone());
        self.reads += 1;
    }

    /// Waits until the service has read a configuration, and returns when that was.
    fn until_read(&mut self, number: u64) -> Instant {
        let mut at = Instant::now();
        while self.last.0 != number {
            let told = self.told.recv_timeout(PATIENCE);
            let told = told
                .unwrap_or_else(|_| panic!("{number} is not read, but {}: {}", self.last.0, self.digests()));
            at = told.at;
            self.take(&told);
        }
        at
    }

    fn digests(&self) -> Value {
        get(self.admin, "/digests")
    }

    /// Waits for a state in which the service has acknowledged what is delivered. Where other files lie on the disk than before, the
    /// agent has found them.
    fn until_state(&mut self, state: &str, disk: &Disk) {
        let is_found = |digests: &Value| match state {
            "converged" => digests["mounted"] == digests["running"],
            _ => digests["mounted"] != digests["running"],
        };
        let (content, found) = &self.found;
        let is_other = |digests: &Value| *content == disk.content() || digests["mounted"] != *found;
        let is_settled = |digests: &Value| {
            digests["state"] == state
                && digests["running"] == digests["delivered"]
                && is_found(digests)
                && is_other(digests)
        };
        let what = format!("{state} of {} after {}", disk.content(), self.last.0);
        let digests = wait::until(PATIENCE, &what, || self.digests(), is_settled);
        self.found = (disk.content(), digests["mounted"].as_str().unwrap().to_owned());
    }

    /// Waits until the service and the agent agree with the disk; returns the time since `edited` after which the service had read
    /// the last configuration, if that is valid.
    fn settle(&mut self, disk: &Disk, edited: Instant) -> Option<Duration> {
        let took = disk.valid().map(|number| self.until_read(number).saturating_duration_since(edited));
        self.until_state(if took.is_some() { "converged" } else { "rejected" }, disk);
        let digest = self.folder.path().join("out/current/digest");
        // What lay there before a refused edit may still be on its way.
        wait::until_true(PATIENCE, "the generation in force to be the last one read", || {
            while let Ok(told) = self.told.try_recv() {
                self.take(&told);
            }
            fs::read_to_string(&digest).unwrap() == self.last.1
        });
        took
    }
}

impl Drop for Running {
    #[expect(clippy::print_stdout, reason = "with the output of the failed test")]
    fn drop(&mut self) {
        // The kernel ends the service with it.
        let _ = self.agent.kill();
        let _ = self.agent.wait();
        if thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(40).collect();
            println!("{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
    }
}

impl Told {
    fn parse(line: &str) -> Self {
        let mut texts: Texts = serde_json::from_str(line).unwrap();
        let digest = texts.remove("digest").unwrap();
        Self { at: Instant::now(), digest, texts }
    }
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|number| number.parse().ok())
}

/// Follows sequences of edits one after the other.
#[expect(clippy::print_stdout, reason = "the figures are worth reading, and the edits where one fails")]
fn follow(language: Language) {
    let number = variable("SEQUENCES").unwrap_or(ORDINARY);
    let seed = variable("SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let [calls] = free_addresses();
    let mut disk = Disk::new(&folder.path().join("mount"), &language, calls, Rng::with_seed(seed));
    let mut running = Running::start(language, folder, &disk, calls);
    running.settle(&disk, Instant::now());
    let mut times = Vec::new();
    for _ in 0..number {
        println!("{:?}", disk.edit());
        times.extend(running.settle(&disk, Instant::now()));
    }
    times.sort();
    let [median, last] = [times[times.len() / 2], times[times.len() - 1]];
    let late = times.iter().filter(|time| **time > AIM).count();
    let (reads, name) = (running.reads, running.language.name);
    println!("{name}: {number} sequences, {reads} reads; median {median:?}, longest {last:?}");
    assert!(late <= times.len().div_ceil(ONE_LATE_OF), "{late} of {number} took longer than {AIM:?}");
}

#[test]
fn python_service_reads_whole_generations_only() {
    follow(language::python());
}

#[test]
fn go_service_reads_whole_generations_only() {
    follow(language::go());
}

#[test]
fn node_service_reads_whole_generations_only() {
    follow(language::node());
}

#[test]
fn java_service_reads_whole_generations_only() {
    follow(language::java());
}

/// The folder of a language's sample.
fn sample(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples").join(name)
}
