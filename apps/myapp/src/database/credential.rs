//! The credential that authenticates a session.

use std::sync::Arc;

use live_config::Secret;

use crate::backend::TokenSource;

/// A password or a source of tokens. The type has no `Debug`, so that no secret is logged.
#[derive(Clone)]
pub(crate) enum Credential {
    /// A password.
    Password(Arc<Secret>),
    /// A short-lived token, created for each session.
    Token(Arc<dyn TokenSource>),
}

impl Credential {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Password(one), Self::Password(other)) => one.expose() == other.expose(),
            (Self::Token(one), Self::Token(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}
