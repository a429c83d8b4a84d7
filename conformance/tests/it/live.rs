//! Directories that change while a driver follows them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use contract::Contract;
use serde::Deserialize;
use serde_json::{Value, json};
use test_support::kubelet_volume::{KubeletVolume, STEPS};

use super::run::Driver;
use super::scene::{self, Files};
use super::suite::{self, Suite};

/// Generous, for a machine under load.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);
/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// A directory that changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LiveCase {
    pub(super) name: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    steps: Vec<Step>,
}

/// Edits without a pause between them, and the outcome once all are made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    edits: Vec<Edit>,
    state: String,
    /// The printed values in force that differ from the defaults.
    values: BTreeMap<String, Value>,
    /// Values that may be in force in between.
    #[serde(default)]
    between: Vec<BTreeMap<String, Value>>,
    #[serde(default)]
    problems: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Edit {
    /// A whole write of the kubelet.
    Payload(Files),
    /// A write of the kubelet that dies after so many steps.
    Died { payload: Files, steps: usize },
    /// Files written in place, links included.
    Write(Files),
    /// Files and folders that are removed.
    Remove(Vec<String>),
    /// A move within the directory, or with `..` beside it.
    Rename([String; 2]),
}

/// A running driver, asked line by line.
struct Conversation {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Conversation {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, input, output: BufReader::new(output) }
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.input, "{request}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?} for {request}"))
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the contracts for drivers that read them at run time; returns their folder.
pub(super) fn contracts(suite: &Suite) -> PathBuf {
    let folder = suite.folder.join("contracts");
    fs::create_dir_all(&folder).unwrap();
    for (number, contract) in suite.contracts.iter().enumerate() {
        fs::write(folder.join(format!("{number}.json")), contract.schema().to_string()).unwrap();
    }
    folder
}

/// Runs the live cases of all files by one driver.
pub(super) fn follow(name: &str, driver: Driver) {
    let suite = suite::suite();
    let mut driver = Conversation::start(driver.into_command());
    for (number, case) in &suite.live {
        let directory = suite.folder.join(format!("live-{name}/{}", case.name)).join("mount");
        follow_case(&suite.contracts[*number], *number, case, &directory, &mut driver);
    }
}

fn follow_case(
    contract: &Contract,
    number: usize,
    case: &LiveCase,
    directory: &Path,
    driver: &mut Conversation,
) {
    fs::create_dir_all(directory).unwrap();
    let mut seen = Vec::new();
    for (at, step) in case.steps.iter().enumerate() {
        step.edits.iter().for_each(|edit| edit.make(directory));
        let values = suite::values(contract, &step.values);
        seen.push(values.clone());
        seen.extend(step.between.iter().map(|between| suite::values(contract, between)));
        if at == 0 {
            let request = json!({ "do": "start", "contract": number, "environment": case.environment, "directory": directory });
            assert_eq!(driver.ask(&request), json!({ "ok": true, "values": values }), "{}", case.name);
        }
        let problems: Vec<_> =
            step.problems.iter().map(|text| text.replace("DIR", &directory.display().to_string())).collect();
        let expected = json!({ "state": step.state, "values": values, "problems": problems });
        wait_for(&expected, &seen, driver, &format!("{}, step {at}", case.name));
    }
    driver.ask(&json!({ "do": "stop" }));
}

/// Waits until the driver reports `expected`. Meanwhile only whole configurations are in force.
fn wait_for(expected: &Value, whole: &[Vec<Value>], driver: &mut Conversation, what: &str) {
    let deadline = Instant::now() + SETTLED_WITHIN;
    loop {
        let mut found = driver.ask(&json!({ "do": "look" }));
        let values = found["values"].as_array().unwrap();
        assert!(whole.contains(values), "{what}: was never whole: {found}");
        if let Some(problems) = found["problems"].as_array() {
            found["problems"] = super::shortened_json(problems);
        }
        if found == *expected {
            return;
        }
        assert!(Instant::now() < deadline, "{what}: {found}, not {expected}");
        thread::sleep(PAUSE);
    }
}

impl Edit {
    fn make(&self, directory: &Path) {
        let volume = KubeletVolume::new(directory);
        match self {
            Self::Payload(files) => write(&volume, files, STEPS),
            Self::Died { payload, steps } => write(&volume, payload, *steps),
            Self::Write(files) => scene::write(directory, files),
            Self::Remove(names) => names.iter().for_each(|name| remove(&directory.join(name))),
            Self::Rename([from, to]) => fs::rename(directory.join(from), directory.join(to)).unwrap(),
        }
    }
}

fn write(volume: &KubeletVolume, files: &Files, steps: usize) {
    let files: Vec<_> = files.iter().map(|(name, file)| (name, file.bytes().unwrap())).collect();
    volume.write_until(&files, steps).unwrap();
}

fn remove(path: &Path) {
    if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
        .unwrap();
}
