//! First words of doc blocks: a noun or a verb, as docs/style.md asks for.

use anyhow::{Result, bail};

/// Words that begin a clause where a noun is easier to read and to search for.
const CLAUSES: [&str; 8] = ["What", "Whether", "Why", "Where", "How", "Which", "Of", "As"];

/// Largest share of doc blocks that may begin with one of them, in percent.
const MAX_PERCENT: usize = 5;

/// Doc blocks of a file or of all files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Blocks {
    all: usize,
    clauses: usize,
}

impl Blocks {
    /// Counts the doc blocks of a source file.
    pub(super) fn of(text: &str) -> Self {
        let mut blocks = Self::default();
        let mut before = None;
        for line in text.lines() {
            let line = line.trim_start();
            let mark = ["///", "//!"].into_iter().find(|mark| line.starts_with(mark));
            let mark = mark.filter(|_| !line.starts_with("////"));
            if let Some(mark) = mark
                && before != Some(mark)
            {
                let first = line[mark.len()..].split_whitespace().next().unwrap_or_default();
                let first = first.trim_matches(|c: char| !c.is_alphanumeric());
                blocks.all += 1;
                blocks.clauses += usize::from(CLAUSES.contains(&first));
            }
            before = mark;
        }
        blocks
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.all += other.all;
        self.clauses += other.clauses;
    }

    /// # Errors
    /// More blocks than allowed begin with such a word.
    pub(super) fn judge(&self) -> Result<()> {
        if self.clauses * 100 > self.all * MAX_PERCENT {
            bail!(
                "{} of {} doc blocks begin with {}, more than {MAX_PERCENT} %: begin with a noun or a verb \
                (docs/style.md)",
                self.clauses,
                self.all,
                CLAUSES.join(", ")
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_first_words_of_blocks_count() {
        let text = "//! What it is.\n\n/// The state.\n/// How it is.\nstruct A;\n    /// Where.\n    /// `As` code.\n//// Why\n/// `As` is.\n";
        assert_eq!(Blocks::of(text), Blocks { all: 4, clauses: 3 });
    }

    #[test]
    fn one_in_twenty_is_allowed() {
        assert!(Blocks { all: 20, clauses: 1 }.judge().is_ok());
        assert!(Blocks { all: 20, clauses: 2 }.judge().is_err());
    }
}
