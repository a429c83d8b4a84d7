//! Clients for which each response but 200 is an error.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use test_support::http::raw::Answer;
use test_support::http::raw::blocking::{Connection, try_get};

/// A client that keeps its connection, as those of a service do.
pub(super) struct Client(Connection);

impl Client {
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let connection = Connection::open(address).with_context(|| format!("cannot reach {address}"))?;
        Ok(Self(connection))
    }

    /// The response to a GET.
    ///
    /// # Errors
    /// Any status but 200, or no response in time.
    pub(super) fn get(&mut self, path: &str) -> Result<Answer> {
        success(path, self.0.get(path)?)
    }
}

/// The response to a GET on a connection of its own.
///
/// # Errors
/// Any status but 200, or no response in time.
pub(super) fn get(address: SocketAddr, path: &str) -> Result<Answer> {
    success(path, try_get(address, path, &[])?)
}

fn success(path: &str, answer: Answer) -> Result<Answer> {
    if answer.status != 200 {
        bail!("{path} answered {}", answer.status);
    }
    Ok(answer)
}
