//! The last lines of `test`.

use std::time::Duration;

use kit::table::{self, Column};

use super::failures::Failures;

/// Tier, outcome, time and reason.
const COLUMNS: [Column; 4] =
    [Column::LEFT.at_least(9).gap(1), Column::LEFT.at_least(7), Column::RIGHT.at_least(7), Column::LEFT];

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// What is known of the tests of a tier.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub(super) counts: Counts,
    pub(super) failures: Failures,
}

impl Results {
    /// Takes a line of `cargo test` in turn.
    pub(super) fn read(&mut self, line: &str) {
        self.counts.add(line);
        self.failures.read(line);
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

pub(super) struct Report {
    pub(super) tier: &'static str,
    pub(super) outcome: Outcome,
    pub(super) results: Results,
    pub(super) took: Duration,
}

impl Counts {
    /// Adds what a line like this tells, and nothing for any other line:
    /// `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s`
    pub(super) fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in counts.split("; ") {
            self.add_part(part);
        }
    }

    /// The same for what Terraform prints: `Failure! 7 passed, 1 failed, 2 skipped.`
    pub(super) fn add_terraform(&mut self, line: &str) {
        let counts = line.strip_prefix("Success! ").or_else(|| line.strip_prefix("Failure! "));
        for part in counts.into_iter().flat_map(|counts| counts.trim_end_matches('.').split(", ")) {
            self.add_part(part);
        }
    }

    /// Adds what passed or failed as one test and prints no such line.
    pub(super) fn add_one(&mut self, has_passed: bool) {
        *(if has_passed { &mut self.passed } else { &mut self.failed }) += 1;
    }

    /// Adds the numbers of other tests.
    pub(super) fn add_all(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    fn add_part(&mut self, part: &str) {
        match part.split_once(' ').map(|(number, what)| (number.parse().unwrap_or(0), what)) {
            Some((number, "passed")) => self.passed += number,
            Some((number, "failed")) => self.failed += number,
            Some((number, "ignored" | "skipped")) => self.skipped += number,
            _ => {}
        }
    }
}

/// The outcome of a tier with these failed calls of cargo.
pub(super) fn outcome_of(failed_calls: &[String]) -> Outcome {
    let steps: Vec<_> = failed_calls.iter().map(|call| format!("cargo test {call}")).collect();
    outcome_of_steps(&steps)
}

/// The outcome of a tier with these failed steps.
pub(super) fn outcome_of_steps(failed: &[String]) -> Outcome {
    if failed.is_empty() { Outcome::Passed } else { Outcome::Failed(failed.join("; ")) }
}

/// What failed tests said, a line for each tier, a note on the run, and last the numbers of tests. A tier that did not get as far as failing or skipping a
/// test counts as one, so that the numbers never look better than the tiers.
pub(super) fn render(reports: &[Report], note: Option<&str>) -> String {
    let rows: Vec<_> = reports.iter().map(row).collect();
    let mut total = Counts::default();
    reports.iter().map(honest_counts).for_each(|counts| total.add_all(counts));
    let numbers = format!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    let failures = reports.iter().flat_map(|report| {
        report.results.failures.texts().iter().map(|text| format!("failed in {}: {text}\n", report.tier))
    });
    let lines = [Some(table::render(&COLUMNS, &rows)), note.map(str::to_owned), Some(numbers)];
    failures.chain(lines.into_iter().flatten()).collect::<Vec<_>>().join("\n")
}

fn row(report: &Report) -> Vec<String> {
    let (word, reason) = match &report.outcome {
        Outcome::Passed => ("passed", ""),
        Outcome::Failed(reason) => ("failed", reason.as_str()),
        Outcome::Skipped(reason) => ("skipped", reason.as_str()),
    };
    let seconds = format!("{} s", report.took.as_secs());
    vec![report.tier.to_owned(), word.to_owned(), seconds, reason.replace('\n', ";")]
}

fn honest_counts(report: &Report) -> Counts {
    let counts = report.results.counts;
    match &report.outcome {
        Outcome::Passed => counts,
        Outcome::Failed(_) => Counts { failed: counts.failed.max(1), ..counts },
        Outcome::Skipped(_) => Counts { skipped: counts.skipped.max(1), ..counts },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_passed() -> Results {
        Results { counts: Counts { passed: 3, failed: 0, skipped: 0 }, ..Results::default() }
    }

    fn counted(lines: &[&str]) -> Counts {
        let mut counts = Counts::default();
        lines.iter().for_each(|line| counts.add(line));
        counts
    }

    #[test]
    fn results_of_several_binaries_add_up() {
        let counts = counted(&[
            "running 7 tests",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ]);
        assert_eq!(counts, Counts { passed: 6, failed: 2, skipped: 1 });
    }

    #[test]
    fn terraforms_results_count_as_well() {
        let mut counts = Counts::default();
        for line in [
            "Success! The configuration is valid.",
            "Success! 59 passed, 0 failed.",
            "Failure! 1 passed, 2 failed, 3 skipped.",
        ] {
            counts.add_terraform(line);
        }
        assert_eq!(counts, Counts { passed: 60, failed: 2, skipped: 3 });
    }

    #[test]
    fn line_printed_by_a_test_is_no_result() {
        let counts = counted(&[
            "the test result: ok. 5 passed; 0 failed",
            "test result: ?",
            "test result: x. y passed",
        ]);
        assert_eq!(counts, Counts::default());
    }

    #[test]
    fn last_line_hides_no_tier() {
        let report =
            |outcome, results| Report { tier: "unit", outcome, results, took: Duration::from_millis(2900) };
        let mut reports = [
            report(Outcome::Passed, three_passed()),
            report(Outcome::Failed("did not\ncompile".to_owned()), Results::default()),
            report(Outcome::Skipped("no helm".to_owned()), Results::default()),
        ];
        let expected = "unit      passed       2 s\n\
                        unit      failed       2 s  did not;compile\n\
                        unit      skipped      2 s  no helm\n\
                        3 passed, 1 failed, 1 skipped";
        assert_eq!(render(&reports, None), expected);
        reports[1].results.failures.add("a::b\n    panicked");
        assert_eq!(render(&reports, None), format!("failed in unit: a::b\n    panicked\n\n{expected}"));
    }

    #[test]
    fn note_stands_above_the_numbers() {
        let report =
            Report { tier: "unit", outcome: Outcome::Passed, results: three_passed(), took: Duration::ZERO };
        let text = render(&[report], Some("a note"));
        assert_eq!(text, "unit      passed       0 s\na note\n3 passed, 0 failed, 0 skipped");
    }
}
