//! The target of a session: server, credential and database.

use std::path::PathBuf;
use std::sync::Arc;

use live_config::Secret;

use crate::backend::{Host, TokenSource};

/// A server and the credential for it. The type has no `Debug`, so that no secret is logged.
pub(crate) struct Target {
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) database: u16,
    pub(crate) tls: bool,
    pub(crate) root_certificates: Option<PathBuf>,
    /// User name; empty for the server's default user.
    pub(crate) user: Arc<Secret>,
    pub(crate) credential: Credential,
}

#[derive(Clone)]
pub(crate) enum Credential {
    /// A password; empty if the server requires none.
    Password(Arc<Secret>),
    /// A short-lived token, created for each session.
    Token {
        source: Arc<dyn TokenSource>,
        /// The replication group that accepts the token.
        cache: String,
    },
}

impl Target {
    /// Returns true if sessions opened for `self` are valid for `other` as well.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.host, self.port, self.database, self.tls, &self.root_certificates)
            == (&other.host, other.port, other.database, other.tls, &other.root_certificates)
            && self.user.expose() == other.user.expose()
            && self.credential.is_same(&other.credential)
    }
}

impl Credential {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Password(one), Self::Password(other)) => one.expose() == other.expose(),
            (Self::Token { source: one, .. }, Self::Token { source: other, .. }) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}
