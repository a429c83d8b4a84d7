//! A comparison as lines for people.

use super::words;
use crate::diff::{Age, Diff, Value};
use crate::report::text::{columns, one_line, problem};

/// Formats a comparison.
pub(crate) fn report(diff: &Diff<'_>) -> Vec<String> {
    let mut lines = vec![words::summary(diff)];
    lines.extend(changes(diff));
    let running = diff.workloads.running.iter();
    section(
        &mut lines,
        "PODS",
        running.map(|running| format!("{}: {}", words::workload(running.new), words::rollout(running))),
    );
    let contract = diff.contract.iter();
    section(
        &mut lines,
        "CONTRACT",
        contract.map(|change| format!("{}: {}", change.key, words::contract_change(&change.kind))),
    );
    lines.extend(pairs(diff));
    section(&mut lines, "ORDER", words::order(&diff.compatibility.order));
    section(&mut lines, "NOTES", words::notes(diff));
    lines
}

/// Adds lines under a head, if there are any.
fn section(lines: &mut Vec<String>, head: &str, content: impl IntoIterator<Item = String>) {
    let mut content = content.into_iter().map(|line| one_line(&line)).peekable();
    if content.peek().is_some() {
        lines.extend([String::new(), head.to_owned()]);
        lines.extend(content);
    }
}

fn changes(diff: &Diff<'_>) -> Vec<String> {
    if diff.changes.is_empty() {
        return Vec::new();
    }
    let head = ["SETTING", "CHANGE", "OLD", "NEW", "CLASS", "IN FORCE"].map(str::to_owned);
    let mut rows = vec![head];
    for change in &diff.changes {
        let effects = words::effects(change, diff);
        for (place, effect) in effects.into_iter().enumerate() {
            let cells = [
                change.key.clone(),
                words::change(change.kind).into(),
                value(change.old.as_ref()),
                value(change.new.as_ref()),
                change.class.as_str().into(),
            ];
            let [key, kind, old, new, class] =
                cells.map(|cell| if place == 0 { one_line(&cell) } else { String::new() });
            rows.push([key, kind, old, new, class, one_line(&effect)]);
        }
    }
    [String::new()].into_iter().chain(columns(&rows)).collect()
}

fn value(value: Option<&Value>) -> String {
    match words::value(value) {
        Ok((text, None)) => text,
        Ok((text, Some(length))) => format!("{text} ({length} characters)"),
        Err(mark) => mark.into(),
    }
}

fn pairs(diff: &Diff<'_>) -> Vec<String> {
    let mut rows = vec![["IMAGE", "CONFIGURATION", "VERDICT"].map(str::to_owned)];
    let mut problems = Vec::new();
    for pair in &diff.compatibility.pairs {
        let (image, configuration) = (age(pair.image), age(pair.configuration));
        rows.push([image.into(), configuration.into(), one_line(&words::verdict(pair, diff))]);
        let lines = pair.verdict.problems.iter().map(problem);
        problems.extend(lines.map(|line| format!("{image} image, {configuration} configuration: {line}")));
    }
    let mut lines = vec![String::new()];
    lines.extend(columns(&rows));
    section(&mut lines, "PROBLEMS", problems);
    lines
}

fn age(age: Age) -> &'static str {
    match age {
        Age::Old => "old",
        Age::New => "new",
    }
}
