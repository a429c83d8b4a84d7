//! What failed tests said, found among the lines of libtest.

/// Most lines that are kept of one test.
const MOST_LINES: usize = 12;

/// The first lines of each failed test, to be shown once more at the end of a long run.
#[derive(Debug, Default)]
pub(super) struct Failures {
    texts: Vec<String>,
    /// True among what libtest shows of failed tests, and not of those that passed.
    are_shown: bool,
    /// Number of lines that the present test has left.
    left: usize,
}

impl Failures {
    /// Takes a line in turn.
    pub(super) fn read(&mut self, line: &str) {
        let heading = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"));
        match (line, heading) {
            ("failures:", _) => (self.are_shown, self.left) = (true, 0),
            ("successes:", _) => (self.are_shown, self.left) = (false, 0),
            ("stack backtrace:", _) => self.left = 0,
            (_, Some(name)) if self.are_shown => {
                self.left = MOST_LINES;
                self.add(name);
            }
            _ if line.starts_with("test result: ") => (self.are_shown, self.left) = (false, 0),
            _ if self.left > 0 && !line.trim().is_empty() => {
                self.left -= 1;
                if let Some(text) = self.texts.last_mut() {
                    text.push_str("\n    ");
                    text.push_str(line);
                }
            }
            _ => {}
        }
    }

    /// Adds what is known of a failure.
    pub(super) fn add(&mut self, text: &str) {
        self.texts.push(text.to_owned());
    }

    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let mut failures = Failures::default();
        text.lines().for_each(|line| failures.read(line));
        failures.texts
    }

    #[test]
    fn failed_test_is_told_without_its_backtrace() {
        let printed = "\
running 2 tests
test a::b ... FAILED
test c ... ok

successes:

---- c stdout ----
what c says

failures:

---- a::b stdout ----

thread 'a::b' (1) panicked at x.rs:1:2:
one
two
stack backtrace:
   0: core

failures:
    a::b

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
---- a line of another program stdout ----
";
        assert_eq!(read(printed), ["a::b\n    thread 'a::b' (1) panicked at x.rs:1:2:\n    one\n    two"]);
    }

    #[test]
    fn long_output_is_cut() {
        let printed = format!("failures:\n---- a stdout ----\n{}", "line\n".repeat(50));
        assert_eq!(read(&printed)[0].lines().count(), MOST_LINES + 1);
    }
}
