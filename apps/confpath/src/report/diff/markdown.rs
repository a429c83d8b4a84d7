//! A comparison as a comment on a pull request.

use super::words;
use crate::diff::{Diff, Order, Pair, Value};
use crate::report::markdown::{code, table};
use crate::report::text::problem;

/// Most rows of a table and of a list: platforms refuse long comments.
const MAX_ROWS: usize = 40;

/// Formats a comparison.
pub(crate) fn report(diff: &Diff<'_>) -> Vec<String> {
    let mut lines = vec![format!("**Configuration:** {}.", words::summary(diff))];
    lines.extend(changes(diff));
    let running = diff.workloads.running.iter();
    let running = running
        .map(|running| format!("{}: {}", code(&words::workload(running.new)), words::rollout(running)));
    list(&mut lines, "Pods", running.collect());
    let contract = diff.contract.iter();
    let contract = contract
        .map(|change| format!("{}: {}", code(&change.key), code(&words::contract_change(&change.kind))));
    list(&mut lines, "Contract", contract.collect());
    lines.extend(pairs(diff));
    list(&mut lines, "Problems", problems(diff));
    lines.extend(order(&diff.compatibility.order));
    list(&mut lines, "Notes", words::notes(diff).iter().map(|note| code(note)).collect());
    lines
}

fn list(lines: &mut Vec<String>, head: &str, mut items: Vec<String>) {
    if items.is_empty() {
        return;
    }
    let rest = items.len().saturating_sub(MAX_ROWS);
    items.truncate(MAX_ROWS);
    lines.extend([String::new(), format!("**{head}**"), String::new()]);
    lines.extend(items.iter().map(|item| format!("- {item}")));
    if rest > 0 {
        lines.push(format!("- and {rest} more"));
    }
}

fn changes(diff: &Diff<'_>) -> Vec<String> {
    if diff.changes.is_empty() {
        return Vec::new();
    }
    let rows = diff.changes.iter().take(MAX_ROWS).map(|change| {
        [
            code(&change.key),
            words::change(change.kind).into(),
            value(change.old.as_ref()),
            value(change.new.as_ref()),
            change.class.as_str().into(),
            words::effects(change, diff).iter().map(|effect| code(effect)).collect::<Vec<_>>().join("<br>"),
        ]
    });
    let mut lines = vec![String::new()];
    lines.extend(table(["Setting", "Change", "Old", "New", "Class", "In force"], rows));
    let rest = diff.changes.len().saturating_sub(MAX_ROWS);
    if rest > 0 {
        lines.extend([String::new(), format!("and {rest} more")]);
    }
    lines
}

fn value(value: Option<&Value>) -> String {
    match words::value(value) {
        Ok((text, _)) if text.is_empty() => "(empty)".into(),
        Ok((text, None)) => code(&text),
        Ok((text, Some(length))) => format!("{} ({length} characters)", code(&text)),
        Err(mark) => mark.into(),
    }
}

fn pairs(diff: &Diff<'_>) -> Vec<String> {
    let cell = |pair: &Pair| {
        let text = words::verdict(pair, diff);
        let mark = if pair.is_accepted() { "✅" } else { "❌" };
        format!("{mark} {}", code(&text))
    };
    let [old_old, old_new, new_old, new_new] = &diff.compatibility.pairs;
    let rows = [
        ["**old image**".into(), cell(old_old), cell(old_new)],
        ["**new image**".into(), cell(new_old), cell(new_new)],
    ];
    let mut lines = vec![String::new()];
    lines.extend(table(["", "old configuration", "new configuration"], rows));
    lines
}

fn problems(diff: &Diff<'_>) -> Vec<String> {
    let ages = [
        "old image, old configuration",
        "old image, new configuration",
        "new image, old configuration",
        "new image, new configuration",
    ];
    let of = |(age, pair): (&'static str, &Pair)| {
        let lines: Vec<_> =
            pair.verdict.problems.iter().map(|one| format!("{age}: {}", code(&problem(one)))).collect();
        lines
    };
    ages.into_iter().zip(&diff.compatibility.pairs).flat_map(of).collect()
}

/// Sentences with names of settings only, which hold letters, digits and `_`.
fn order(order: &Order) -> Vec<String> {
    let sentences = words::order(order).into_iter().map(|line| line.replace('_', "\\_"));
    [String::new()].into_iter().chain(sentences).collect()
}
