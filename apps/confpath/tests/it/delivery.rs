//! `confpath run`: what reaches a service of a change of its volume, and what the agent says of it.

mod acknowledgement;
mod generations;
mod kills;
mod notification;
mod prepare;
mod ready;
mod replicas;
mod restart;
mod secrets;
mod start;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use test_support::kubelet_volume::KubeletVolume;
use test_support::wait;

use crate::{MARKED, Scene};

/// For a machine under load.
const PATIENCE: Duration = Duration::from_secs(60);

/// A child that does nothing.
const SLEEP: &[&str] = &["sleep", "1000"];

/// A service with a mounted volume, and the agent in front of it.
struct Service {
    scene: Scene,
    volume: KubeletVolume,
    admin: SocketAddr,
    flags: Vec<String>,
    /// The name of the pod.
    name: &'static str,
}

/// A running agent. It is killed at the end of the test.
struct Agent<'a> {
    service: &'a Service,
    process: Child,
}

impl Service {
    /// A service whose volume has a valid configuration, and whose agent gets `flags`, separated by blanks.
    fn new(flags: &str) -> Self {
        let scene = Scene::with_contract(&json!({
            "type": "object",
            "required": ["TOKEN"],
            "properties": {
                "MODE": { "type": "string", "pattern": "^(?:[a-z]|[0-9]+)$", "default": "a" },
                "ECHO": { "type": "string", "maxLength": 20, "default": "a", "x-on-change": "prepare" },
                "PORT": { "type": "integer", "minimum": 1, "maximum": 65535, "default": 80, "x-on-change": "restart" },
                "TOKEN": { "type": "string", "x-secret": true, "minLength": 3, "maxLength": 40 },
            },
        }));
        let volume = KubeletVolume::new(scene.path().join("mount"));
        let admin = free_address();
        let flags = flags.split_whitespace().map(str::to_owned).collect();
        let service = Self { scene, volume, admin, flags, name: "pod" };
        service.set(&[]);
        service
    }

    /// Adds one flag, which may hold blanks.
    fn flag(mut self, flag: &str, value: impl Into<String>) -> Self {
        self.flags.extend([flag.to_owned(), value.into()]);
        self
    }

    /// Gives the pod another name.
    fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scene.path().join(name)
    }

    /// Swaps a volume with these settings in, beside the secret. MODE is `a` unless it is one of them.
    fn set(&self, settings: &[(&str, &str)]) {
        let mode = (!settings.iter().any(|(key, _)| *key == "MODE")).then_some(&("MODE", "a"));
        let config =
            settings.iter().chain(mode).map(|(key, value)| (format!("config/{key}"), (*value).to_owned()));
        let token = ("secrets/TOKEN".to_owned(), MARKED.to_owned());
        self.volume.write(&config.chain([token]).collect::<Vec<_>>()).unwrap();
    }

    fn command(&self, child: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_confpath"));
        command.current_dir(self.scene.path()).env("HOSTNAME", self.name);
        command.args(["run", "--contract", "contract.json", "--config-dir", "mount", "--out", "out"]);
        command.arg("--admin-listen").arg(self.admin.to_string()).args(&self.flags);
        if !child.is_empty() {
            command.arg("--").args(child);
        }
        command
    }

    /// Starts the agent, whose log lines are in the file `log`, and waits until it answers.
    fn start(&self, child: &[&str]) -> Agent<'_> {
        let agent = self.spawn(child);
        wait::until(
            PATIENCE,
            "the admin listener",
            || agent.log(),
            |_| TcpStream::connect(self.admin).is_ok(),
        );
        agent
    }

    fn spawn(&self, child: &[&str]) -> Agent<'_> {
        let log = fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let process =
            self.command(child).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Agent { service: self, process }
    }

    /// The text of a file of the generation in force.
    fn current(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path("out/current").join(name)).ok()
    }

    fn until_current(&self, name: &str, text: &str) {
        wait::until(
            PATIENCE,
            &format!("{text} in {name}"),
            || self.current(name),
            |seen| seen.as_deref() == Some(text),
        );
    }
}

impl Agent<'_> {
    fn log(&self) -> String {
        fs::read_to_string(self.service.path("log")).unwrap_or_default()
    }

    fn until_logged(&self, text: &str) {
        wait::until(PATIENCE, &format!("{text} in the log"), || self.log(), |log| log.contains(text));
    }

    fn get(&self, path: &str) -> (u16, String) {
        get(self.service.admin, path)
    }

    fn digests(&self) -> Value {
        serde_json::from_str(&self.get("/digests").1).unwrap()
    }

    /// Waits until the state is `state`, and returns the digests then.
    fn until_state(&self, state: &str) -> Value {
        self.until_digests(&format!("the state {state}"), |digests| digests["state"] == state)
    }

    fn until_digests(&self, what: &str, holds: impl FnMut(&Value) -> bool) -> Value {
        wait::until(PATIENCE, what, || self.digests(), holds)
    }

    fn is_ready(&self) -> bool {
        self.get("/readyz").0 == 200
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits for the end, and returns the exit code or, for a signal, 128 and its number.
    fn ended(&mut self) -> i32 {
        let mut status = None;
        wait::until_true(PATIENCE, "the end of the agent", || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        let status = status.unwrap();
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap())
    }
}

impl Drop for Agent<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let _ = write!(std::io::stderr(), "log of the agent:\n{}", self.log());
        }
    }
}

/// An address that nobody listens on at the moment.
fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// Status and body of `GET path`.
fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}
