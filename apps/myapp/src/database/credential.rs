//! The proof of identity that a server is shown.

use std::sync::Arc;

use live_config::Secret;

use crate::backend::TokenSource;

/// A password or a source of tokens. It has no `Debug`.
#[derive(Clone)]
pub(super) enum Credential {
    /// `DB_PASSWORD`.
    Password(Arc<Secret>),
    /// A token that ends soon, made anew for each session.
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
