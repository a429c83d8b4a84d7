//! A server in a separate process, whose memory and descriptors can be measured and limited: this test binary again, in
//! server mode by its environment.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use axum::body::{Body, Bytes};
use axum::routing::get;
use chassis::telemetry::{Level, Options, Telemetry, TraceSettings};
use chassis::{Builder, Health, LimitArgs, Listener, probes, shutdown};
use clap::{Args, FromArgMatches};
use http_body_util::channel::Channel;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use test_support::wait::until_async;

#[cfg(feature = "fast-path")]
use crate::harness::Memory;
use crate::harness::{DEADLINE, Gate, LOOPBACK, at_once, ms, routes};

/// Flags of the child's limits; that they are set is what makes a process the child.
const FLAGS: &str = "CHASSIS_TEST_LIMITS";

/// Descriptors that the child may have.
const FILES: &str = "CHASSIS_TEST_FILES";

const ADDRESSES: &str = "addresses of the child: ";

/// Pieces that `/drops` sends one by one.
pub(super) const DROPS: usize = 20;

pub(super) struct ChildServer {
    pub(super) public: SocketAddr,
    pub(super) admin: SocketAddr,
    process: Child,
    lines: Arc<Mutex<Vec<String>>>,
    n_logged_requests: Arc<AtomicU64>,
    reader: Option<JoinHandle<()>>,
}

impl ChildServer {
    /// Starts a server with these limits, and with as many descriptors as this process may have.
    pub(super) async fn start(flags: &str) -> Self {
        Self::spawn(flags, None, &[], |_| true).await
    }

    pub(super) async fn with_files(flags: &str, files: u64) -> Self {
        Self::spawn(flags, Some(files), &[], |_| true).await
    }

    /// Starts a server that exports traces by these variables, for more requests than lines can be stored.
    pub(super) async fn traced(flags: &str, variables: &[(&str, &str)]) -> Self {
        Self::spawn(flags, None, variables, |line| !is_request_line(line)).await
    }

    async fn spawn(
        flags: &str,
        files: Option<u64>,
        variables: &[(&str, &str)],
        is_kept: fn(&str) -> bool,
    ) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "hostile::child::serves", "--ignored", "--nocapture"])
            .env(FLAGS, flags)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(files) = files {
            command.env(FILES, files.to_string());
        }
        let mut process = command.spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut first = Vec::new();
        while !first.last().is_some_and(|line: &String| line.contains(ADDRESSES)) {
            let mut line = String::new();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "the child ended before it served: {first:?}");
            first.push(line);
        }
        let line = first.pop().unwrap();
        let (_, addresses) = line.trim_end().split_once(ADDRESSES).unwrap();
        let (public, admin) = addresses.split_once(' ').unwrap();
        let lines = Arc::new(Mutex::new(first));
        let n_logged_requests = Arc::new(AtomicU64::new(0));
        let (kept, n_told) = (Arc::clone(&lines), Arc::clone(&n_logged_requests));
        let reader = std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                n_told.fetch_add(u64::from(is_request_line(&line)), Ordering::Relaxed);
                if is_kept(&line) {
                    kept.lock().unwrap().push(line);
                }
            }
        });
        Self {
            public: public.parse().unwrap(),
            admin: admin.parse().unwrap(),
            process,
            lines,
            n_logged_requests,
            reader: Some(reader),
        }
    }

    /// Memory that the process has now, in KiB.
    pub(super) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Lines so far on requests that the server did not refuse itself.
    pub(super) fn n_logged_requests(&self) -> u64 {
        self.n_logged_requests.load(Ordering::Relaxed)
    }

    /// Waits until a log line holds all of `parts`.
    pub(super) async fn logs(&self, parts: &[&str]) {
        let has = |line: &String| parts.iter().all(|part| line.contains(part));
        let what = format!("a log line with {parts:?}");
        let lines = async || self.lines.lock().unwrap().clone();
        until_async(DEADLINE, &what, lines, |lines| lines.iter().any(has)).await;
    }

    /// Stops the server and returns all that it logged.
    pub(super) fn stop(mut self) -> Vec<String> {
        self.end();
        std::mem::take(&mut *self.lines.lock().unwrap())
    }

    /// The child serves until its standard input is closed.
    fn end(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for ChildServer {
    fn drop(&mut self) {
        self.end();
    }
}

fn is_request_line(line: &str) -> bool {
    ["request", "request cancelled"]
        .iter()
        .any(|message| line.contains(&format!("\"message\":\"{message}\"")))
}

/// Lets this process, and the child after it, have `files` descriptors.
///
/// The default limit on connections is that many, so a machine that cannot grant them cannot prove what a test here
/// claims: it fails there, and says why.
pub(super) fn allow_files(files: u64) {
    let limit = getrlimit(Resource::Nofile);
    let hard = limit.maximum.unwrap_or(u64::MAX);
    assert!(hard >= files, "this test needs {files} descriptors, `ulimit -Hn` allows {hard}");
    if limit.current.is_some_and(|soft| soft < files) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(files), maximum: limit.maximum }).unwrap();
    }
}

#[test]
#[ignore = "the body of the child process; other tests start it"]
fn serves() {
    let Ok(flags) = std::env::var(FLAGS) else { return };
    if let Ok(files) = std::env::var(FILES) {
        let files = Some(files.parse().unwrap());
        setrlimit(Resource::Nofile, Rlimit { current: files, maximum: files }).unwrap();
    }
    let command = LimitArgs::augment_args(clap::Command::new("child"));
    let matches = command.get_matches_from(std::iter::once("child").chain(flags.split_whitespace()));
    let limits = LimitArgs::from_arg_matches(&matches).unwrap();
    let telemetry = Telemetry::install(&Options { level: Level::Info, own_crates: vec!["chassis"] }).unwrap();
    let _flush = telemetry.flush_on_drop();
    let traces = TraceSettings::from_env(|name| std::env::var_os(name), "child", "1.2.3").settings;
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        if let Some(traces) = traces {
            telemetry.export_traces(traces);
        }
        serve(limits, telemetry.clone()).await;
    });
}

#[expect(clippy::print_stdout, reason = "its standard output is how the child speaks to the test")]
async fn serve(limits: LimitArgs, telemetry: Telemetry) {
    let health = Health::new();
    let public = routes(Gate::new())
        .route("/readyz", probes::readyz(health.clone()))
        .route("/drops", get(async || drops()));
    let admin = probes::router(health.clone()).route("/metrics", telemetry.metrics().route());
    let public = Listener::traffic("public", LOOPBACK, public).probes(["/readyz"]);
    #[cfg(feature = "fast-path")]
    let public = public.fast_path(["/memory"], || Memory);
    let bound = Builder::new(at_once(), limits, health.clone(), telemetry)
        .listener(public)
        .listener(Listener::internal("admin", LOOPBACK, admin))
        .bind()
        .await
        .unwrap();
    let [public, admin] = ["public", "admin"].map(|name| bound.address(name).unwrap());
    let (trigger, signals) = shutdown::channel();
    health.mark_started();
    health.mark_ready();
    println!("{ADDRESSES}{public} {admin}");
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        trigger.send("the end of standard input");
    });
    bound.serve(signals).await.unwrap();
}

/// A body that takes its time, and ends early when its reader does.
fn drops() -> Body {
    let (mut sender, body) = Channel::<Bytes>::new(1);
    tokio::spawn(async move {
        for _ in 0..DROPS {
            if sender.send_data(Bytes::from_static(b"drop")).await.is_err() {
                return;
            }
            tokio::time::sleep(ms(20)).await;
        }
    });
    Body::new(body)
}
