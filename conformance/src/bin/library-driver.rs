//! Driver of the Rust library: follows a directory as a service does, and reports what is in force.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use conformance::printed;
use live_config::{Contract, Driver, Live, Loaded, Problems, Sources, Timing};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// One line of the protocol.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Request {
    Load(Given),
    Start(Given),
    Look,
    Stop,
}

/// A contract by its number, and sources.
#[derive(Deserialize)]
struct Given {
    contract: usize,
    environment: BTreeMap<String, String>,
    directory: Option<PathBuf>,
}

/// A configuration that is followed.
struct Followed {
    contract: Contract,
    live: Live<IgnoredAny>,
    task: JoinHandle<()>,
}

fn main() -> io::Result<()> {
    let contracts = std::env::args_os().nth(1).map(PathBuf::from).unwrap_or_default();
    let (lines, mut next) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            // The receiver ends with the process.
            let _ = lines.send(line);
        }
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut followed = None;
        while let Some(line) = next.recv().await {
            let answer = match serde_json::from_str(&line).map_err(io::Error::other)? {
                Request::Load(given) => start(&contracts, given)?.0,
                Request::Start(given) => {
                    let (answer, started) = start(&contracts, given)?;
                    followed = started;
                    answer
                }
                Request::Look => followed.as_ref().map_or(Value::Null, look),
                Request::Stop => {
                    if let Some(Followed { task, .. }) = followed.take() {
                        task.abort();
                    }
                    json!({})
                }
            };
            writeln!(io::stdout().lock(), "{answer}")?;
        }
        Ok(())
    })
}

/// Starts a configuration, as a service does; the answer is that of a reader.
fn start(
    contracts: &Path,
    Given { contract: number, environment, directory }: Given,
) -> io::Result<(Value, Option<Followed>)> {
    let text = fs::read_to_string(contracts.join(format!("{number}.json")))?;
    let schema: Value = serde_json::from_str(&text)?;
    let contract = Contract::from_schema(schema).map_err(io::Error::other)?;
    let sources = Sources::default().environment(environment);
    let sources = directory.into_iter().fold(sources, Sources::directory);
    let loaded = match Loaded::<IgnoredAny>::read(&contract, &sources) {
        Ok(loaded) => loaded,
        Err(Problems(problems)) => {
            let problems = problems.iter().map(|problem| format!("{}: {}", problem.subject, problem.message));
            return Ok((json!({ "ok": false, "problems": problems.collect::<Vec<_>>() }), None));
        }
    };
    let timing =
        Timing { debounce: Duration::from_millis(5), poll: Duration::from_millis(200), ..Timing::default() };
    let (live, driver) = Driver::new(contract.clone(), sources, loaded, Vec::new(), timing);
    let followed = Followed { contract, live, task: tokio::spawn(driver.run()) };
    Ok((json!({ "ok": true, "values": values(&followed) }), Some(followed)))
}

/// The values in force in the order of the keys.
fn values(followed: &Followed) -> Vec<Value> {
    let snapshot = followed.live.snapshot();
    let value = |key: &live_config::Key| {
        let effective = snapshot.values.get(&key.name)?;
        printed(key, effective.text.expose())
    };
    followed.contract.keys().iter().map(|key| value(key).unwrap_or(Value::Null)).collect()
}

fn look(followed: &Followed) -> Value {
    let status = followed.live.status();
    let problems = status.apply.reasons().iter().map(|reason| {
        let text = reason.to_string();
        // The origin differs between drivers.
        text.split(" (from ").next().unwrap_or_default().to_owned()
    });
    json!({
        "state": status.state().as_str(),
        "values": values(followed),
        "problems": problems.collect::<Vec<_>>(),
    })
}
