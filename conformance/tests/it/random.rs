//! Random contracts, and for each random texts in variables and files with the verdict of the crate `contract`.

use std::collections::BTreeMap;
use std::fs;

use conformance::printed;
use contract::Contract;
use fastrand::Rng;
use serde_json::Value;
use test_support::random_contract;

use super::run::Answer;
use super::suite::{Case, RANDOM, Suite};

const SEED: u64 = 18;
const CASES: usize = 20;

pub(super) fn add(suite: &mut Suite) {
    let last = suite.contracts.len() + random_contract::number(200);
    let mut random = Rng::with_seed(SEED);
    while suite.contracts.len() < last {
        let schema = random_contract::schema(&mut random);
        let Ok(contract) = Contract::from_schema(schema) else { continue };
        for _ in 0..CASES {
            let case = case(&contract, suite, &mut random);
            suite.cases.push(case);
        }
        suite.contracts.push(contract);
    }
}

fn case(contract: &Contract, suite: &Suite, random: &mut Rng) -> Case {
    let directory = suite.folder.join(format!("random/{}", suite.cases.len()));
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
    Case {
        name: RANDOM.into(),
        contract: suite.contracts.len(),
        environment,
        directory: Some(directory),
        expected: verdict(contract, &mounted),
    }
}

/// The verdict of a process on values that could all be read.
fn verdict(contract: &Contract, given: &BTreeMap<String, String>) -> Answer {
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
    let typed =
        |key: &contract::Key| text_of(&key.name).map_or(Value::Null, |text| printed(key, text).unwrap());
    Ok(contract.keys().iter().map(typed).collect())
}
