//! The rows of the comparison, and the table that people read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::release::Held;
use super::row::Row;
use super::terraform::Given;
use crate::deployment::Settings;
use crate::report::text::{columns, one_line};

const HEADINGS: [&str; 5] = ["", "terraform", "release", "running", ""];
/// A longer cell is cut: a table that wraps cannot be read.
const MAX_CELL_WIDTH: usize = 48;

/// Compares Terraform's values with those of the release. A release that Terraform does not know is only listed.
pub(super) fn of_release(settings: &Settings, given: Option<&Given>, held: Option<&Held>) -> Vec<Row> {
    let Some(held) = held else {
        let status = given.map(|given| given.status.clone());
        return vec![Row::compared("status", [status, Some("no such release".to_owned()), None])];
    };
    let mut rows = vec![
        Row::compared("status", [given.map(|given| given.status.clone()), Some(held.status.clone()), None]),
        Row::compared(
            "revision",
            [given.map(|given| given.revision.clone()), Some(held.revision.clone()), None],
        ),
    ];
    let given_values = given.map(|given| leaves(&given.values));
    let held_values = leaves(&held.values);
    let mut paths: Vec<_> = given_values.iter().flat_map(BTreeMap::keys).chain(held_values.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let given = given_values.as_ref().map(|values| values.get(path));
        rows.push(of_value(settings, path, given, held_values.get(path)));
    }
    rows
}

fn of_value(settings: &Settings, path: &str, given: Option<Option<&String>>, held: Option<&String>) -> Row {
    // A value that one side lacks is a difference, unless that side has no say at all.
    let shown = |value: Option<&String>| Some(value.cloned().unwrap_or_else(|| "not set".to_owned()));
    let row = Row::compared(path, [given.and_then(shown), shown(held), None]);
    if !settings.is_hidden(path) {
        return row;
    }
    let hide = |cell: Option<String>| cell.map(|_| "(not shown)".to_owned());
    Row { cells: row.cells.map(hide), ..row }
}

/// The values by path, each as text. An empty list or map is a value, too.
fn leaves(values: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect("", values, &mut found);
    found
}

fn collect(path: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, value)| collect(&below(key), value, found));
        }
        Value::Array(items) if !items.is_empty() => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, value)| collect(&below(&index.to_string()), value, found));
        }
        Value::String(text) => drop(found.insert(path.to_owned(), text.clone())),
        // `helm get values` of a release without any says null.
        Value::Null if path.is_empty() => {}
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            found.insert(path.to_owned(), value.to_string());
        }
    }
}

pub(super) fn render(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let [terraform, release, running] =
            row.cells.each_ref().map(|cell| cut(cell.as_deref().unwrap_or("")));
        [cut(&row.what), terraform, release, running, row.verdict.word().to_owned()]
    };
    let lines: Vec<_> = [HEADINGS.map(str::to_owned)].into_iter().chain(rows.iter().map(line)).collect();
    columns(&lines).join("\n")
}

/// A cell may hold what a pod or a server says.
fn cut(cell: &str) -> String {
    let cell = one_line(cell);
    if cell.chars().count() <= MAX_CELL_WIDTH {
        return cell;
    }
    cell.chars().take(MAX_CELL_WIDTH - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::row::Verdict;
    use super::*;

    fn held(values: Value) -> Held {
        Held {
            name: "myapp".into(),
            namespace: "default".into(),
            status: "deployed".into(),
            revision: "3".into(),
            values,
            manifest: String::new(),
        }
    }

    #[test]
    fn every_value_of_either_side_has_a_row() {
        let given = json!({ "config": { "LOG_LEVEL": "debug" }, "replicaCount": 2, "a": [] });
        let held = json!({ "config": { "LOG_LEVEL": "info" }, "replicaCount": 2, "b": { "c": true } });
        let (given, held) = (leaves(&given), leaves(&held));
        let settings = Settings::new(None, &[]);
        let row = |path: &str| of_value(&settings, path, Some(given.get(path)), held.get(path)).verdict();
        assert_eq!(row("replicaCount"), Verdict::Same);
        for path in ["config.LOG_LEVEL", "a", "b.c"] {
            assert_eq!(row(path), Verdict::Differs, "{path}");
        }
    }

    #[test]
    fn without_terraform_the_release_is_only_listed() {
        let rows = of_release(&Settings::new(None, &[]), None, Some(&held(json!({ "replicaCount": 2 }))));
        assert!(rows.iter().all(|row| row.verdict() == Verdict::Same));
        assert_eq!(rows.len(), 3);
    }

    #[test]
    fn possible_secrets_are_compared_and_not_shown() {
        let settings = Settings::new(None, &[]);
        let row = of_value(&settings, "config.SECRET_KEY", Some(None), Some(&"hush".to_owned()));
        assert_eq!(row.verdict(), Verdict::Differs);
        assert!(!format!("{row:?}").contains("hush"));
        let row = of_value(&settings, "extraEnv.0.value", None, Some(&"hush".to_owned()));
        assert!(!format!("{row:?}").contains("hush"));
    }

    #[test]
    fn the_worst_of_all_rows_counts() {
        assert_eq!(Verdict::Same.worse(Verdict::Unknown), Verdict::Unknown);
        assert_eq!(Verdict::Unknown.worse(Verdict::Differs), Verdict::Differs);
    }

    #[test]
    fn text_of_a_pod_adds_no_line() {
        let said = "\u{1b}[2Jx\r\nconfig  same\u{9b}\u{202e}".to_owned();
        let text = render(&[Row::compared(said.clone(), [None, None, Some(said)])]);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{text:?}");
    }

    #[test]
    fn columns_line_up_and_long_cells_are_cut() {
        let long = "x".repeat(100);
        let rows = [
            Row::compared("a", [Some("1".into()), Some("1".into()), None]),
            Row::compared("bb", [Some("1".into()), Some(long), None]),
        ];
        let text = render(&rows);
        let expected = format!(
            "    terraform  release{}running\na   1          1\nbb  1          {}…{}differs",
            " ".repeat(MAX_CELL_WIDTH - 5),
            "x".repeat(MAX_CELL_WIDTH - 1),
            " ".repeat(11),
        );
        assert_eq!(text, expected);
    }
}
