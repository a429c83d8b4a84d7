//! Effects of a change.

/// The effect that a change of a setting has on the running process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnChange {
    /// In force with the next read; nothing is prepared. The default.
    #[default]
    Hot,
    /// Participants prepare something first, such as a pool.
    Prepare,
    /// Refused by a running process: only a restart brings the change into force.
    Restart,
}

impl OnChange {
    /// Every effect.
    pub const ALL: [Self; 3] = [Self::Hot, Self::Prepare, Self::Restart];

    /// The word in `x-on-change`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Prepare => "prepare",
            Self::Restart => "restart",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == word)
    }
}
