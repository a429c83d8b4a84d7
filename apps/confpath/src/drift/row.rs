//! A row of the comparison and its verdict.

/// Ordered from good to bad: of several, the worst counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Same,
    Unknown,
    Differs,
}

impl Verdict {
    pub(crate) fn worse(self, other: Self) -> Self {
        self.max(other)
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Same => "",
            Self::Unknown => "cannot tell",
            Self::Differs => "differs",
        }
    }
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: String,
    /// Values of Terraform, the release and the replicas; nothing for one that knows no value.
    pub(super) cells: [Option<String>; 3],
    pub(super) verdict: Verdict,
}

impl Row {
    /// The same when all who have a say agree.
    pub(super) fn compared(what: impl Into<String>, cells: [Option<String>; 3]) -> Self {
        let said: Vec<_> = cells.iter().flatten().collect();
        let agrees = said.windows(2).all(|pair| pair[0] == pair[1]);
        Self::judged(what, cells, if agrees { Verdict::Same } else { Verdict::Differs })
    }

    pub(super) fn judged(what: impl Into<String>, cells: [Option<String>; 3], verdict: Verdict) -> Self {
        Self { what: what.into(), cells, verdict }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.verdict
    }
}
