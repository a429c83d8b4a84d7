//! Every reader of a contract decides every case alike: verdict, sentences and typed values. `CONTRACTS=1000` tries more random
//! contracts.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set the scene fails")]

mod agent;
mod languages;
mod live;
mod random;
mod run;
mod scene;
mod suite;
mod swaps;

use std::process::Command;

use conformance::is_same;
use serde_json::Value;

use run::Answer;
use suite::{Case, Suite};

/// Maximum number of wrong cases in a failure's text.
const MAX_SHOWN: usize = 40;

/// Number of random cases for the agent.
const N_RANDOM_OF_AGENT: usize = 100;

/// Runs all cases by one reader, and compares; then reads a volume that is replaced all the time.
fn compare(reader: &run::Reader) {
    let suite = suite::suite();
    let mut driver = reader.build(suite);
    compare_answers(reader.name, &mut driver, &suite.cases.iter().collect::<Vec<_>>());
    swaps::read_while_replaced(reader.name, &mut driver);
}

fn compare_answers(reader: &str, driver: &mut run::Driver, cases: &[&Case]) {
    let suite = suite::suite();
    let answers = driver.answers(cases.iter().copied());
    let answered = cases.iter().copied().zip(&answers);
    let wrong: Vec<_> = answered.filter(|(case, answer)| !is_right(suite, case, answer)).collect();
    let shown = |(case, answer): &(&Case, &Answer)| {
        let schema = (case.name == suite::RANDOM).then(|| suite.contracts[case.contract].schema());
        format!(
            "{}: {:?} {schema:?}\nexpected: {:?}\nanswer: {answer:?}",
            case.name, case.environment, case.expected
        )
    };
    let shown: Vec<_> = wrong.iter().map(shown).take(MAX_SHOWN).collect();
    assert!(wrong.is_empty(), "{reader}: {} cases are wrong:\n{}", wrong.len(), shown.join("\n\n"));
}

fn is_right(suite: &Suite, case: &Case, answer: &Answer) -> bool {
    match (&case.expected, answer) {
        (Ok(expected), Ok(answer)) => {
            let keys = suite.contracts[case.contract].keys();
            keys.len() == answer.len()
                && keys
                    .iter()
                    .zip(expected.iter().zip(answer))
                    .all(|(key, (expected, answer))| is_same(&key.kind, expected, answer))
        }
        (Err(expected), Err(answer)) => shortened(expected) == shortened(answer),
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

/// The same in JSON.
fn shortened_json(problems: &[Value]) -> Value {
    let texts: Vec<_> = problems.iter().map(|problem| problem.as_str().unwrap().to_owned()).collect();
    shortened(&texts).into()
}

/// Each language has words of its own for the errors of the operating system.
fn shortened(problems: &[String]) -> Vec<String> {
    let end = "cannot be read:";
    let short = |problem: &String| match problem.find(end) {
        Some(at) => problem[..at + end.len()].to_owned(),
        None => problem.clone(),
    };
    problems.iter().map(short).collect()
}

#[test]
fn suite_has_at_least_150_cases() {
    let suite = suite::suite();
    let described = suite.cases.iter().filter(|case| case.name != suite::RANDOM).count() + suite.live.len();
    assert!(described >= 150, "{described}");
}

#[test]
fn library_decides_and_follows_as_the_cases_say() {
    let library = run::Reader {
        name: "library",
        build: |suite, _| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_library-driver"));
            command.arg(live::contracts(suite));
            command
        },
    };
    let suite = suite::suite();
    let mut driver = library.build(suite);
    compare_answers(library.name, &mut driver, &suite.cases.iter().collect::<Vec<_>>());
    live::follow(library.name, driver);
}

#[test]
fn agent_decides_and_follows_as_the_cases_say() {
    let suite = suite::suite();
    let agent = agent::agent();
    let mut driver = agent.build(suite);
    // Each takes a process, so few of the random ones.
    let mut n_random = 0..N_RANDOM_OF_AGENT;
    let is_taken = |case: &&Case| case.name != suite::RANDOM || n_random.next().is_some();
    compare_answers(agent.name, &mut driver, &suite.cases.iter().filter(is_taken).collect::<Vec<_>>());
    live::follow(agent.name, driver);
}

#[test]
fn each_case_is_red_by_some_fault() {
    let suite = suite::suite();
    let python = languages::python().build_in(suite, "mutants");
    let survivors = python.survivors(suite.cases.iter().filter(|case| case.name != suite::RANDOM));
    assert!(survivors.is_empty(), "no fault of a reader shows in these cases:\n{survivors}");
}

#[test]
fn python_reader_decides_as_the_contract() {
    compare(&languages::python());
}

#[test]
fn go_reader_decides_as_the_contract() {
    compare(&languages::go());
}

#[test]
fn typescript_reader_decides_as_the_contract() {
    compare(&languages::typescript());
}

#[test]
fn java_reader_decides_as_the_contract() {
    compare(&languages::java());
}
