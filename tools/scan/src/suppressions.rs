//! Findings that stay, each with its reason: `.scan/<tool>.json` of the tree.
//!
//! One file a tool and no comments in the code: what silences a tool is in one place, says why, and is a finding itself
//! once it explains nothing any more.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use super::finding::Finding;
use super::tree::Tree;

const FOLDER: &str = ".scan";
const KEYS: [&str; 4] = ["rule", "path", "on", "reason"];

/// The reason for which findings of one rule at one place stay.
#[derive(Debug)]
pub(super) struct Explanation {
    rule: String,
    /// A file, or with `/` at its end all below a folder.
    path: String,
    /// A part of what the findings are on; without it all of the rule's findings at the place are meant.
    on: Option<String>,
}

pub(super) struct Judged {
    /// Findings without an explanation, and explanations without a finding.
    pub(super) open: Vec<Finding>,
    pub(super) explained: usize,
}

/// # Errors
/// The file is there and is not a list of objects with `rule`, `path`, `reason` and, if anything else, `on`.
pub(super) fn read(tree: &Tree, tool: &str) -> Result<Vec<Explanation>> {
    let path = file_of(tool);
    match tree.read(&path) {
        Some(text) => parse(&text).with_context(|| path),
        None => Ok(Vec::new()),
    }
}

/// Tells apart what is explained and what is not.
pub(super) fn judge(explanations: &[Explanation], tool: &str, mut findings: Vec<Finding>) -> Judged {
    findings.sort();
    // Two on one line look the same.
    findings.dedup();
    let mut uses: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open: Vec<_> = findings
        .into_iter()
        .filter(|finding| match explanations.iter().position(|explanation| explanation.covers(finding)) {
            Some(index) => {
                *uses.entry(index).or_default() += 1;
                false
            }
            None => true,
        })
        .collect();
    let idle = explanations.iter().enumerate().filter(|(index, _)| !uses.contains_key(index));
    open.extend(idle.map(|(_, explanation)| explanation.idle(tool)));
    open.sort();
    Judged { open, explained: uses.values().sum() }
}

fn file_of(tool: &str) -> String {
    format!("{FOLDER}/{tool}.json")
}

fn parse(text: &str) -> Result<Vec<Explanation>> {
    let list: Vec<Map<String, Value>> = serde_json::from_str(text).context("is no list of objects")?;
    list.iter().map(explanation).collect()
}

fn explanation(object: &Map<String, Value>) -> Result<Explanation> {
    if let Some(key) = object.keys().find(|key| !KEYS.contains(&key.as_str())) {
        bail!("unknown key `{key}`; known are {}", KEYS.join(", "));
    }
    let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let required = |key: &str| {
        let of = || format!("an explanation without `{key}`: {}", Value::from(object.clone()));
        text(key).map(str::to_owned).with_context(of)
    };
    required("reason")?;
    Ok(Explanation { rule: required("rule")?, path: required("path")?, on: text("on").map(str::to_owned) })
}

impl Explanation {
    fn covers(&self, finding: &Finding) -> bool {
        let place = if self.path.ends_with('/') {
            finding.path.starts_with(&self.path)
        } else {
            finding.path == self.path
        };
        place && finding.rule == self.rule && self.on.as_ref().is_none_or(|on| finding.on.contains(on))
    }

    fn idle(&self, tool: &str) -> Finding {
        Finding {
            path: file_of(tool),
            line: 0,
            rule: "explains-nothing".to_owned(),
            on: format!("{} in {} {}", self.rule, self.path, self.on.as_deref().unwrap_or_default())
                .trim_end()
                .to_owned(),
            message: "nothing is found there any more; remove the explanation".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        r#"[{ "rule": "shell", "path": "src/a.rs", "on": "\"ls\"", "reason": "a fixed word" }]"#;

    fn finding(path: &str, rule: &str, on: &str) -> Finding {
        let [path, rule, on] = [path, rule, on].map(str::to_owned);
        Finding { path, line: 1, rule, on, message: String::new() }
    }

    fn open(text: &str, findings: Vec<Finding>) -> Vec<Finding> {
        judge(&parse(text).unwrap(), "tool", findings).open
    }

    #[test]
    fn what_is_explained_is_counted_and_not_told() {
        let judged = judge(&parse(TEXT).unwrap(), "tool", vec![finding("src/a.rs", "shell", "run(\"ls\")")]);
        assert_eq!((judged.open, judged.explained), (Vec::new(), 1));
    }

    #[test]
    fn explanation_fits_its_place_rule_and_line_only() {
        let covered = finding("src/a.rs", "shell", "run(\"ls\")");
        for other in [
            finding("src/b.rs", "shell", "run(\"ls\")"),
            finding("src/a.rs", "sql", "run(\"ls\")"),
            finding("src/a.rs", "shell", "run(input)"),
        ] {
            assert_eq!(open(TEXT, vec![covered.clone(), other.clone()]), [other]);
        }
    }

    #[test]
    fn folder_covers_only_paths_below_it() {
        let text = r#"[{ "rule": "assert", "path": "tests/", "reason": "tests assert" }]"#;
        let outside = finding("tests.py", "assert", "");
        assert_eq!(open(text, vec![finding("tests/a/b.py", "assert", ""), outside.clone()]), [outside]);
    }

    #[test]
    fn an_explanation_of_nothing_is_a_finding() {
        let open = open(TEXT, Vec::new());
        assert_eq!(open[0].rule, "explains-nothing");
        assert_eq!(open[0].path, ".scan/tool.json");
    }

    #[test]
    fn explanation_needs_a_reason_and_known_keys() {
        for (text, complaint) in [
            (r#"[{ "rule": "x", "path": "y", "reason": " " }]"#, "without `reason`"),
            (r#"[{ "rule": "x", "reason": "z" }]"#, "without `path`"),
            (r#"[{ "rule": "x", "path": "y", "file": "y", "reason": "z" }]"#, "unknown key `file`"),
            (r#"{ "rule": "x" }"#, "no list of objects"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(complaint), "{error}");
        }
    }
}
