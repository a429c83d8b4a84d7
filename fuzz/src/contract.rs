//! Contract text: reading it never panics, nor does judging any value by a contract that was accepted.

use std::collections::BTreeMap;

use contract::{Contract, Kind, parse_duration};
use live_config::{Loaded, Sources};
use serde_json::Value;

/// A value that is found wherever it is repeated.
const MARKED: &str = "marked-value-7f3a";

/// Takes `input` for the JSON Schema of a settings type.
pub fn check(input: &[u8]) {
    let Ok(schema) = serde_json::from_slice(input) else { return };
    let Ok(contract) = Contract::from_schema(schema) else { return };
    let texts = texts(&contract, input);
    for key in contract.keys() {
        for text in &texts {
            let reasons = key.violations(text);
            let is_shown = reasons.iter().any(|reason| reason.contains(MARKED));
            assert!(
                !(is_shown && key.secret && text == MARKED),
                "the value of a secret is shown: {reasons:?}"
            );
            assert!(
                !key.violations(&format!("{text}\n")).is_empty(),
                "a line break is accepted after {text:?}"
            );
            if reasons.is_empty() {
                check_accepted(&key.kind, text);
            }
        }
        assert_eq!(contract.key(&key.name).map(|found| &found.name), Some(&key.name));
    }
    check_configurations(&contract, &texts);
}

/// Texts that come from the input, and some that no contract foresees.
fn texts(contract: &Contract, input: &[u8]) -> Vec<String> {
    let input = String::from_utf8_lossy(input);
    let numbers = ["0", "-1", "05", "+5", "5 ", "5.0", "1e3", "9223372036854775807", "9223372036854775808"];
    let others = ["", MARKED, "\u{1f600}", "a\0b"];
    let mut texts: Vec<_> = numbers.into_iter().chain(others).map(str::to_owned).collect();
    texts.push("x".repeat(5000));
    texts.extend(input.split('"').take(20).map(str::to_owned));
    texts.extend(contract.keys().iter().filter_map(|key| key.default.clone()).take(20));
    texts
}

fn check_accepted(kind: &Kind, text: &str) {
    match kind {
        Kind::Integer { minimum, maximum } => {
            let number: i128 = text.parse().expect("an accepted number is one");
            assert!((*minimum..=*maximum).contains(&number) && number.to_string() == text);
        }
        Kind::Text { min_length, max_length, .. } => {
            assert!((*min_length..=*max_length).contains(&text.chars().count()));
        }
        Kind::Choice { values } => assert!(values.iter().any(|value| value == text)),
        Kind::Number { minimum, maximum, .. } => {
            let number: f64 = text.parse().expect("an accepted number is one");
            assert!(minimum.is_none_or(|least| number >= least) && maximum.is_none_or(|most| number <= most));
        }
        Kind::Boolean => assert!(text == "true" || text == "false"),
        Kind::Duration { minimum, maximum } => {
            assert!(parse_duration(text).is_some_and(|duration| (*minimum..=*maximum).contains(&duration)));
        }
        // Each item has a verdict of its own, which reading the whole list has given.
        Kind::List { .. } => {}
    }
}

/// Gives each key each text, as variables of the environment.
fn check_configurations(contract: &Contract, texts: &[String]) {
    for text in texts {
        let variables = contract.keys().iter().map(|key| (key.name.clone(), text.clone()));
        let sources = Sources::default().environment(variables);
        if let Ok(loaded) = Loaded::<BTreeMap<String, Value>>::read(contract, &sources) {
            assert!(loaded.values.len() <= contract.keys().len());
        }
    }
}
