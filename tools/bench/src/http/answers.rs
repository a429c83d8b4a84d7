//! Answers of the service, for the other servers to return.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::super::client::Client;

/// The requested paths.
pub(super) const PATHS: [&str; 2] = ["/config", "/healthz"];

/// Headers that belong to the answer. All others are the server's own: a date, its name, an id of the request.
const HEADERS: [&str; 2] = ["content-type", "cache-control"];

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) path: &'static str,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

pub(super) struct Answers(pub(super) Vec<Answer>);

impl Answers {
    pub(super) fn of(address: SocketAddr) -> Result<Self> {
        let mut client = Client::connect(address)?;
        let mut answer = |path| -> Result<_> {
            let answer = client.get(path)?;
            let of_answer = |(name, _): &(String, String)| HEADERS.contains(&name.as_str());
            let headers = answer.headers.into_iter().filter(of_answer).collect();
            Ok(Answer { path, headers, body: answer.body })
        };
        Ok(Self(PATHS.into_iter().map(&mut answer).collect::<Result<_>>()?))
    }

    /// Writes the answers in the format that the other servers of this project read.
    pub(super) fn write(&self, folder: &Path) -> Result<PathBuf> {
        let file = folder.join("answers.json");
        let answer = |a: &Answer| json!({ "path": a.path, "headers": a.headers, "body": a.body });
        let list: Value = self.0.iter().map(answer).collect();
        fs::write(&file, list.to_string()).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(file)
    }

    /// # Errors
    /// Who listens there answers anything else.
    pub(super) fn compare(&self, name: &str, address: SocketAddr) -> Result<()> {
        let other = Self::of(address)?;
        match self.0.iter().zip(&other.0).find(|(own, other)| own != other) {
            Some((own, other)) => bail!("{name} answers {other:?}, where the service answers {own:?}"),
            None => Ok(()),
        }
    }
}
