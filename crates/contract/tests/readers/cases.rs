//! Random contracts, and for each random texts in variables and files with the verdict of this crate.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use contract::{Contract, Value, parse_duration};
use fastrand::Rng;
use serde_json::json;
use test_support::random_contract;

use super::faults;
use super::run::Answer;

const SEED: u64 = 18;
const CASES: usize = 20;

/// Contracts and cases for all readers.
pub(super) struct Suite {
    /// The first one is that of [`faults`].
    pub(super) contracts: Vec<Contract>,
    pub(super) cases: Vec<Case>,
    /// Folder for files of the readers.
    pub(super) folder: PathBuf,
}

/// The sources of a configuration, and its verdict.
#[derive(Debug)]
pub(super) struct Case {
    /// Index of the contract.
    pub(super) contract: usize,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) directory: Option<PathBuf>,
    /// The values by key, or the problems.
    pub(super) expected: Result<Vec<Typed>, Vec<String>>,
}

/// A typed value, as far as types of other languages differ.
#[derive(Debug)]
pub(super) enum Typed {
    Absent,
    /// Text, a whole number, a switch, or milliseconds.
    Plain(String),
    Number(f64),
    List(Vec<Typed>),
}

impl Typed {
    fn of(value: &Value<'_>, is_duration: bool) -> Self {
        match value {
            Value::Text(text) if is_duration => {
                Self::Plain(parse_duration(text).unwrap().as_millis().to_string())
            }
            Value::Text(text) => Self::Plain(text.to_string()),
            Value::Integer(number) => Self::Plain(number.to_string()),
            Value::Number(number) => Self::Number(*number),
            Value::Boolean(switch) => Self::Plain(switch.to_string()),
            Value::List(items) => Self::List(items.iter().map(|item| Self::of(item, is_duration)).collect()),
        }
    }

    /// Compares with what a driver printed.
    pub(super) fn is(&self, printed: &serde_json::Value) -> bool {
        match self {
            Self::Absent => printed.is_null(),
            Self::Plain(text) => printed == text,
            Self::Number(number) => {
                printed.as_str().and_then(|printed| printed.parse().ok()) == Some(*number)
            }
            Self::List(items) => printed.as_array().is_some_and(|printed| {
                printed.len() == items.len()
                    && items.iter().zip(printed).all(|(item, printed)| item.is(printed))
            }),
        }
    }
}

pub(super) fn suite() -> &'static Suite {
    static SUITE: LazyLock<Suite> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readers");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let count = random_contract::number(200);
        let mut suite = Suite { contracts: vec![faults::contract()], cases: faults::cases(&folder), folder };
        let mut random = Rng::with_seed(SEED);
        while suite.contracts.len() <= count {
            let schema = random_contract::schema(&mut random);
            let Ok(contract) = Contract::from_schema(schema) else { continue };
            for _ in 0..CASES {
                let case = random_case(suite.contracts.len(), &contract, &suite, &mut random);
                suite.cases.push(case);
            }
            suite.contracts.push(contract);
        }
        suite
    });
    &SUITE
}

fn random_case(index: usize, contract: &Contract, suite: &Suite, random: &mut Rng) -> Case {
    let directory = suite.folder.join(format!("given/{}", suite.cases.len()));
    fs::create_dir_all(directory.join("config")).unwrap();
    let (mut environment, mut mounted) = (BTreeMap::new(), BTreeMap::new());
    for (key, text) in random_contract::texts(contract.schema(), random) {
        if random.bool() {
            environment.insert(key, text);
            continue;
        }
        let folder = match contract.key(&key).unwrap().secret {
            true => random.choice(["", "secrets"]),
            false => random.choice(["", "config", "secrets"]),
        };
        let folder = directory.join(folder.unwrap());
        fs::create_dir_all(&folder).unwrap();
        let text = if random.bool() { format!("{text}\n") } else { text };
        fs::write(folder.join(&key), &text).unwrap();
        mounted.insert(key, text.strip_suffix('\n').unwrap_or(&text).to_owned());
    }
    mounted.extend(environment.clone());
    let expected = verdict(contract, &mounted);
    Case { contract: index, environment, directory: Some(directory), expected }
}

/// The verdict of a process on values that could all be read.
pub(super) fn verdict(
    contract: &Contract,
    given: &BTreeMap<String, String>,
) -> Result<Vec<Typed>, Vec<String>> {
    let text_of = |key: &str| {
        let default = || contract.key(key)?.default.as_deref();
        given.get(key).map(String::as_str).or_else(default)
    };
    let mut problems: Vec<(String, String)> = Vec::new();
    for violation in contract.violations(text_of) {
        // As the process: nobody needs to hear twice that a value is missing.
        let is_reported = problems.iter().any(|problem| problem.0 == violation.key.name);
        if !violation.is_missing || !is_reported {
            problems.push((violation.key.name.clone(), violation.reason));
        }
    }
    problems.sort_by(|a, b| a.0.cmp(&b.0));
    if !problems.is_empty() {
        return Err(problems.iter().map(|(key, reason)| format!("{key}: {reason}")).collect());
    }
    let typed = |key: &contract::Key| {
        let is_duration = matches!(&key.kind, contract::Kind::Duration { .. })
            || matches!(&key.kind, contract::Kind::List { items, .. } if matches!(**items, contract::Kind::Duration { .. }));
        text_of(&key.name).map_or(Typed::Absent, |text| Typed::of(&key.value(text).unwrap(), is_duration))
    };
    Ok(contract.keys().iter().map(typed).collect())
}

/// One line for a driver.
pub(super) fn line(case: &Case) -> String {
    json!({ "contract": case.contract, "environment": case.environment, "directory": case.directory })
        .to_string()
}

/// Reads a line of a driver.
pub(super) fn answer(line: &str) -> Answer {
    let answer: serde_json::Value =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let list = |name: &str| answer[name].as_array().unwrap_or_else(|| panic!("no {name}: {line}")).clone();
    if answer["ok"] == true {
        Ok(list("values"))
    } else {
        Err(list("problems").iter().map(|problem| problem.as_str().unwrap().to_owned()).collect())
    }
}
