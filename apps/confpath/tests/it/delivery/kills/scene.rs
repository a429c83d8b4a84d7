//! The agent with its service, what lies on disk, and what has been done to them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use test_support::kubelet_volume::{KubeletVolume, RENAME, STEPS};
use test_support::wait;

use super::super::acknowledgement::BY_FILE;
use super::super::generations::generations;
use super::super::{PATIENCE, Service, free_address, get};
use super::node::{Limits, Node};
use super::token;

/// At once, on a machine under load; and less than the time between two looks.
const AT_ONCE: Duration = Duration::from_secs(3);
/// A look each 5 s, and a delivery.
const BY_POLLING: Duration = Duration::from_secs(8);
/// Lines that the agent logs where events are lost, and where they are back.
const LOST: &str = "changes are found by polling only";
const BACK: &str = "changes are found by events again";
const CHILD: [&str; 3] = ["python3", "-c", BY_FILE];

#[derive(Debug, Default)]
pub(super) struct Tally {
    edits: u64,
    kills_of_agent: u64,
    kills_of_cmd: u64,
    refused_starts: u64,
    truths: u64,
    by_polling: u64,
}

/// One life of the agent.
struct Life {
    process: Child,
    /// Length of the log at its start.
    log_from: usize,
    /// The node had no room for a watcher at its start.
    is_without_events: bool,
    /// The node had less room than usual at its start or since.
    may_lack_events: bool,
    /// Its configuration may have been refused or away while it read it.
    may_be_refused: bool,
}

pub(super) struct Scene {
    pub(super) random: Rng,
    service: Service,
    node: Option<Node>,
    limits: Limits,
    life: Life,
    /// The last configuration that was written, and whether it is valid.
    number: u64,
    is_valid: bool,
    /// The number under each seal.
    seals: BTreeMap<String, u64>,
    tally: Tally,
}

impl Scene {
    pub(super) fn start(mut service: Service, seed: u64) -> Self {
        let random = Rng::with_seed(seed);
        let node = Node::start();
        service.volume.write(&files(1, "1")).unwrap();
        let life = begin(&mut service, node.as_ref(), Limits::AMPLE);
        let (limits, seals, tally) = (Limits::AMPLE, BTreeMap::new(), Tally::default());
        let scene = Self { random, service, node, limits, life, number: 1, is_valid: true, seals, tally };
        wait::until_true(PATIENCE, "the first generation", || scene.current().exists());
        scene
    }

    pub(super) fn has_node(&self) -> bool {
        self.node.is_some()
    }

    pub(super) fn current(&self) -> PathBuf {
        self.service.path("out/current")
    }

    pub(super) fn tally(&self) -> String {
        format!("{:?}", self.tally)
    }

    /// The last lines of all agents' log.
    fn log(&self) -> String {
        let log = fs::read_to_string(self.service.path("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(40).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn life_log(&self) -> String {
        let log = fs::read(self.service.path("log")).unwrap_or_default();
        String::from_utf8_lossy(&log[self.life.log_from..]).into_owned()
    }

    /// Sets the node's limits.
    pub(super) fn limit(&mut self, limits: Limits) {
        let Some(node) = &mut self.node else { return };
        node.set(limits);
        self.limits = limits;
        self.life.may_lack_events |= limits != Limits::AMPLE;
        if limits.are_used_up() {
            // One that runs has what it needs.
            self.kill_agent();
        }
    }

    fn next(&mut self) -> u64 {
        self.tally.edits += 1;
        self.number += 1;
        self.number
    }

    /// Writes a valid configuration as the kubelet does.
    pub(super) fn edit(&mut self) {
        let number = self.next();
        self.service.volume.write(&files(number, &number.to_string())).unwrap();
        self.is_valid = true;
    }

    /// The same by a kubelet that dies at any step; the next one goes on.
    pub(super) fn edit_and_die(&mut self) {
        let steps = self.random.usize(..=STEPS);
        let number = self.next();
        self.service.volume.write_until(&files(number, &number.to_string()), steps).unwrap();
        if steps >= RENAME {
            self.is_valid = true;
        } else {
            self.number -= 1;
        }
    }

    /// Writes a configuration that the contract refuses.
    pub(super) fn edit_wrongly(&mut self) {
        let number = self.next();
        self.service.volume.write(&files(number, "REFUSED")).unwrap();
        self.is_valid = false;
        self.life.may_be_refused = true;
    }

    /// Puts another directory into the place of the mounted one, which is away for a moment.
    pub(super) fn exchange(&mut self) {
        self.life.may_be_refused = true;
        let [mount, beside, away] = ["mount", "beside", "away"].map(|name| self.service.path(name));
        let number = self.next();
        KubeletVolume::new(&beside).write(&files(number, &number.to_string())).unwrap();
        fs::rename(&mount, &away).unwrap();
        fs::rename(&beside, &mount).unwrap();
        fs::remove_dir_all(&away).unwrap();
        self.is_valid = true;
    }

    pub(super) fn kill_agent(&mut self) {
        if self.has_ended_by_refusal() {
            return;
        }
        self.end_agent();
        self.tally.kills_of_agent += 1;
        self.start_again();
    }

    fn end_agent(&mut self) {
        let processes = processes_of(&self.service);
        self.life.process.kill().unwrap();
        self.life.process.wait().unwrap();
        self.leaves_nothing(&processes);
    }

    /// Kills CMD, which ends the agent with a code that tells of it.
    pub(super) fn kill_cmd(&mut self) {
        let (signal, code) = if self.random.bool() { (Signal::KILL, 137) } else { (Signal::TERM, 143) };
        let look = || {
            self.has_ended_by_refusal();
            processes_of(&self.service)
        };
        let processes = wait::until(PATIENCE, "CMD", look, |processes| !processes.is_empty());
        kill_process(processes[0].pid, signal).unwrap();
        let what = format!("the agent's end after that of CMD by {signal:?}");
        let life = &mut self.life;
        let status = wait::until(PATIENCE, &what, || life.process.try_wait().unwrap(), Option::is_some);
        assert_eq!(status.unwrap().code(), Some(code), "{}", self.life_log());
        self.tally.kills_of_cmd += 1;
        self.leaves_nothing(&processes);
        self.start_again();
    }

    fn leaves_nothing(&self, processes: &[Listed]) {
        let left = || {
            let mut left = processes_of(&self.service);
            left.extend(all_processes().filter(|one| processes.iter().any(|gone| gone.group == one.group)));
            left
        };
        wait::until(AT_ONCE, "the end of all processes of CMD", left, Vec::is_empty);
    }

    /// Starts the agent. Where it is refused, as it must be, it starts with a valid configuration.
    fn start_again(&mut self) {
        if !self.is_valid {
            let mut refused = begin(&mut self.service, self.node.as_ref(), self.limits);
            let look = || refused.process.try_wait().unwrap();
            let status = wait::until(PATIENCE, "the refusal of a start", look, Option::is_some);
            assert_eq!(status.unwrap().code(), Some(64), "{}", self.log());
            self.tally.refused_starts += 1;
            self.edit();
        }
        self.life = begin(&mut self.service, self.node.as_ref(), self.limits);
    }

    /// Starts another agent where this one has ended; it may, before its start was complete, by a refusal alone.
    fn has_ended_by_refusal(&mut self) -> bool {
        let Some(status) = self.life.process.try_wait().unwrap() else { return false };
        let log = self.life_log();
        let is_refusal = self.life.may_be_refused && !log.contains("configuration delivered");
        assert!(is_refusal && matches!(status.code(), Some(2 | 64)), "{status}: {log}");
        self.tally.refused_starts += 1;
        self.start_again();
        true
    }

    /// Checks that a change arrives in time, and that state and files are those of the disk then.
    pub(super) fn is_true(&mut self) {
        wait::until_true(PATIENCE, "the agent's listener", || {
            self.has_ended_by_refusal();
            TcpStream::connect(self.service.admin).is_ok()
        });
        self.tells_of_its_watch();
        if !self.is_valid {
            let digests = self.until_digests("rejected");
            let number = self.service.current("config/MODE").unwrap().parse().unwrap();
            assert!(number < self.number && digests["mounted"] != digests["delivered"], "{digests}");
            self.has_seal(number, &digests["delivered"]);
        }
        self.edit();
        let within = if self.life.may_lack_events { BY_POLLING } else { AT_ONCE };
        let what = format!("configuration {} with {:?}", self.number, self.limits);
        let expected = Some(self.number.to_string());
        wait::until(within, &what, || self.service.current("config/MODE"), |mode| *mode == expected);
        let digests = self.until_digests("converged");
        assert_eq!(digests["mounted"], digests["delivered"], "{digests}");
        self.has_seal(self.number, &digests["mounted"]);
        for name in ["config/ECHO", "config/MODE", "secrets/TOKEN"] {
            let mounted = fs::read_to_string(self.service.path("mount").join(name)).unwrap();
            assert_eq!(self.service.current(name).unwrap(), mounted, "{name}");
        }
        self.tally.truths += 1;
        self.tally.by_polling += u64::from(self.life.is_without_events);
    }

    /// Checks that the agent says whether it polls, and that it goes back to events once it can.
    fn tells_of_its_watch(&mut self) {
        let log = || self.life_log();
        if self.life.is_without_events {
            wait::until(AT_ONCE, LOST, log, |log| log.contains(LOST));
        } else if !self.life.may_lack_events {
            assert!(!log().contains(LOST), "{}", log());
        }
        if self.limits == Limits::AMPLE && log().contains(LOST) {
            wait::until(BY_POLLING, BACK, log, |log| log.matches(BACK).count() == log.matches(LOST).count());
            self.life.may_lack_events = false;
            self.life.is_without_events = false;
        }
    }

    /// The digests once the state is `state`, and CMD has acknowledged what is delivered.
    fn until_digests(&self, state: &str) -> Value {
        let look = || serde_json::from_str::<Value>(&get(self.service.admin, "/digests").1).unwrap();
        let what = format!("the state {state} of configuration {}", self.number);
        wait::until(PATIENCE, &what, look, |digests| {
            digests["state"] == state && digests["running"] == digests["delivered"]
        })
    }

    /// Checks that a configuration has one seal, and a seal one configuration.
    fn has_seal(&mut self, number: u64, seal: &Value) {
        let seal = seal.as_str().unwrap();
        assert_eq!(*self.seals.entry(seal.to_owned()).or_insert(number), number, "{seal}");
        assert_eq!(self.seals.values().filter(|one| **one == number).count(), 1, "seals of {number}");
    }

    /// Checks that everything comes to rest: one generation, a true state, and no process after the end.
    pub(super) fn ends_clean(&mut self) {
        self.limit(Limits::AMPLE);
        self.is_true();
        wait::until(PATIENCE, "one generation", || generations(&self.service), |left| left.len() == 1);
        self.end_agent();
        let tally = &self.tally;
        assert!(tally.kills_of_agent > 0 && tally.kills_of_cmd > 0 && tally.truths > 2, "{tally:?}");
        assert!(self.node.is_none() || tally.by_polling > 0, "{tally:?}");
    }
}

impl Drop for Scene {
    #[expect(clippy::print_stdout, reason = "with the output of the failed test")]
    fn drop(&mut self) {
        let _ = self.life.process.kill();
        let _ = self.life.process.wait();
        if std::thread::panicking() {
            println!("{}", self.log());
        }
    }
}

/// The files of a configuration, which is refused unless `mode` is its number.
fn files(number: u64, mode: &str) -> [(&'static str, String); 3] {
    let (echo, mode) = (number.to_string(), mode.to_owned());
    [("config/ECHO", echo), ("config/MODE", mode), ("secrets/TOKEN", token(number))]
}

/// Starts an agent, without waiting for anything.
fn begin(service: &mut Service, node: Option<&Node>, limits: Limits) -> Life {
    // Somebody may have taken the former one meanwhile.
    service.admin = free_address();
    let log = File::options().create(true).append(true).open(service.path("log")).unwrap();
    let log_from = log.metadata().unwrap().len().try_into().unwrap();
    let own = service.command(&CHILD);
    let mut command = if let Some(node) = node { node.enter(&own) } else { own };
    let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let is_without_events = node.is_some() && limits.are_used_up();
    let may_lack_events = node.is_some() && limits != Limits::AMPLE;
    Life { process, log_from, is_without_events, may_lack_events, may_be_refused: false }
}

/// One process, as the kernel lists it.
#[derive(Debug)]
struct Listed {
    pid: Pid,
    group: i32,
}

fn all_processes() -> impl Iterator<Item = Listed> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries.filter_map(|entry| {
        let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
        let text = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name may contain blanks and brackets.
        let mut fields = text.rsplit_once(") ")?.1.split(' ');
        let state = fields.next()?;
        let group = fields.nth(1)?.parse().ok()?;
        // One that has ended may wait for its parent.
        (!matches!(state, "Z" | "X")).then_some(Listed { pid, group })
    })
}

/// The processes of CMD, its first stage included: the agent gives them the path of OUT.
fn processes_of(service: &Service) -> Vec<Listed> {
    let mark = format!("CONFPATH_DIR={}", service.path("out").display());
    let is_of_cmd = |process: &Listed| {
        let variables = fs::read(Path::new("/proc").join(process.pid.to_string()).join("environ"));
        variables.is_ok_and(|variables| variables.split(|byte| *byte == 0).any(|one| one == mark.as_bytes()))
    };
    all_processes().filter(is_of_cmd).collect()
}
