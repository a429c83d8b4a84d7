use crate::Secret;

/// The text of one value as its source gave it, secret or not.
pub enum Text {
    /// May be shown.
    Plain(String),
    /// May not.
    Secret(Secret),
}

impl Text {
    /// Stores `value` as secret or plain text, as its key requires.
    pub fn of(value: String, secret: bool) -> Self {
        if secret { Self::Secret(value.into()) } else { Self::Plain(value) }
    }

    /// The characters, whether secret or not; for callers that compare or count and do not print.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose(),
        }
    }
}
