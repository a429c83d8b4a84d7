use serde::{Deserialize, Serialize};

/// The state of a configuration in one word for people.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, schemars::JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The last configuration is refused.
    Rejected,
    /// The last configuration was in force and did not hold.
    RolledBack,
    /// The last configuration waits for a restart, or for its time.
    Pending,
    /// Something was edited past the release.
    Drifted,
    /// Settings are held by the environment and cannot change.
    Pinned,
    /// A configuration is being prepared or observed.
    Applying,
    /// The last configuration was handed to a service that has not acknowledged it.
    Delivered,
    /// The last configuration is in force.
    Converged,
}

impl State {
    /// Every state, worst first.
    pub const ALL: [Self; 8] = [
        Self::Rejected,
        Self::RolledBack,
        Self::Pending,
        Self::Drifted,
        Self::Pinned,
        Self::Applying,
        Self::Delivered,
        Self::Converged,
    ];

    /// The word, as it is serialized.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::RolledBack => "rolled_back",
            Self::Pending => "pending",
            Self::Drifted => "drifted",
            Self::Pinned => "pinned",
            Self::Applying => "applying",
            Self::Delivered => "delivered",
            Self::Converged => "converged",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn words_have_one_spelling() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
