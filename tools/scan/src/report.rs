//! The last lines of `scan`.

use kit::table::{self, Column};

use super::finding::Finding;

/// Scan, tool, findings, explained, and what was looked at.
const COLUMNS: [Column; 5] = [
    Column::LEFT.at_least(12),
    Column::LEFT.at_least(11),
    Column::RIGHT.at_least(8),
    Column::RIGHT.at_least(9),
    Column::LEFT,
];

/// One tool's part in one scan.
pub(super) struct Row {
    pub(super) scan: &'static str,
    pub(super) tool: &'static str,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Scanned {
        what: String,
        /// Findings without an explanation.
        open: Vec<Finding>,
        explained: usize,
    },
    Skipped(String),
    Failed(String),
}

impl Row {
    pub(super) fn n_open(&self) -> usize {
        match &self.outcome {
            Outcome::Scanned { open, .. } => open.len(),
            Outcome::Skipped(_) | Outcome::Failed(_) => 0,
        }
    }

    fn cells(&self) -> Vec<String> {
        let [scan, tool] = [self.scan, self.tool].map(str::to_owned);
        match &self.outcome {
            Outcome::Scanned { what, open, explained } => {
                vec![scan, tool, open.len().to_string(), explained.to_string(), what.clone()]
            }
            Outcome::Skipped(reason) => {
                vec![
                    scan,
                    tool,
                    "-".to_owned(),
                    "-".to_owned(),
                    format!("not looked at: {}", one_line(reason)),
                ]
            }
            Outcome::Failed(reason) => {
                vec![scan, tool, "-".to_owned(), "-".to_owned(), format!("failed: {}", one_line(reason))]
            }
        }
    }
}

/// All findings, each with its place, and a table of what was looked at.
pub(super) fn render(rows: &[Row]) -> String {
    let mut lines = Vec::new();
    for row in rows {
        if let Outcome::Scanned { open, .. } = &row.outcome {
            let of = |finding| format!("{} ({}) {finding}\n", row.scan, row.tool);
            lines.extend(open.iter().map(of));
        }
    }
    let head = ["scan", "tool", "findings", "explained", "looked at"].map(str::to_owned);
    let cells: Vec<_> = std::iter::once(head.to_vec()).chain(rows.iter().map(Row::cells)).collect();
    lines.push(table::render(&COLUMNS, &cells));
    lines.join("\n")
}

fn one_line(text: &str) -> String {
    text.trim().replace('\n', "; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_precede_a_table_of_all_tools() {
        let finding = Finding {
            path: "a.rs".to_owned(),
            line: 7,
            rule: "shell".to_owned(),
            on: "run()".to_owned(),
            message: "starts a shell".to_owned(),
        };
        let seen = |open| Outcome::Scanned { what: "2 files".to_owned(), open, explained: 3 };
        let rows = [
            Row { scan: "code", tool: "semgrep", outcome: seen(vec![finding]) },
            Row {
                scan: "dependencies",
                tool: "advisories",
                outcome: Outcome::Skipped("no\nnetwork".to_owned()),
            },
            Row { scan: "image", tool: "image", outcome: Outcome::Failed("no such file".to_owned()) },
        ];
        let expected = "\
code (semgrep) a.rs:7: shell
    starts a shell
    on: run()

scan          tool         findings  explained  looked at
code          semgrep             1          3  2 files
dependencies  advisories          -          -  not looked at: no; network
image         image               -          -  failed: no such file";
        assert_eq!(render(&rows), expected);
    }
}
