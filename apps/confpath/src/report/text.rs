//! A verdict as lines for people.

use crate::origin::{Origin, Problem, Unknown};
use crate::verdict::{Setting, Shown, Verdict};

/// The effective configuration as a table, and the number of unknown names.
pub(crate) fn table(verdict: &Verdict) -> Vec<String> {
    let row = |setting: &Setting| {
        let value = match &setting.shown {
            Shown::Value(value) => one_line(value),
            Shown::Secret => "(secret)".into(),
            Shown::Concealed => "(concealed)".into(),
        };
        [setting.key.clone(), value, one_line(&setting.value.origin.to_string())]
    };
    let head = ["KEY", "VALUE", "ORIGIN"].map(str::to_owned);
    let mut lines = columns(&[head].into_iter().chain(verdict.settings.iter().map(row)).collect::<Vec<_>>());
    let number = match verdict.unknown.len() {
        0 => "no unknown settings".into(),
        1 => "1 unknown setting".into(),
        number => format!("{number} unknown settings"),
    };
    lines.extend([String::new(), number]);
    lines
}

/// Lines of rows whose cells are aligned, the last of each row at its own length.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(|column| if column + 1 == N { 0 } else { width(column) });
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// One line for a problem.
pub(crate) fn problem(problem: &Problem) -> String {
    let Problem { key, message, origin } = problem;
    one_line(&match origin {
        None => format!("{key}: {message}"),
        Some(Origin::Line(path, line)) if path.display().to_string() == *key => {
            format!("{key}:{line}: {message}")
        }
        Some(origin) => format!("{key}: {message} (from {origin})"),
    })
}

/// One line for a problem of the contract, which has a place in any case.
pub(crate) fn contract_problem(problem: &Problem) -> String {
    let origin = problem.origin.as_ref().map(|origin| format!("{origin}: ")).unwrap_or_default();
    one_line(&format!("{origin}{}: {}", problem.key, problem.message))
}

/// One line for an unknown name.
pub(crate) fn unknown(unknown: &Unknown) -> String {
    let suggestion = unknown.nearest.as_ref().map(|key| format!(", did you mean {key}?")).unwrap_or_default();
    one_line(&format!("unknown setting {} ({}){suggestion}", unknown.name, unknown.origin))
}

/// Escapes control characters and all that moves a cursor or turns the direction of writing: names and paths come from others.
pub(crate) fn one_line(text: &str) -> String {
    let escape =
        |c: char| -> String { if matches!(c, ' '..='~') { c.into() } else { c.escape_debug().collect() } };
    text.chars().map(escape).collect()
}
