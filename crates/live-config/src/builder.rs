use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use contract::{Contract, ContractError, Explain};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::driver::Driver;
use crate::engine::Hook;
use crate::live::Live;
use crate::load::{Loaded, Sources};
use crate::participant::Participant;
use crate::problem::Problems;
use crate::snapshot::Snapshot;
use crate::timing::Timing;

/// The way from a settings type to a live configuration.
///
/// ```no_run
/// # use schemars::JsonSchema;
/// # use serde::Deserialize;
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
/// struct Settings {
///     port: u16,
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), live_config::StartError> {
/// let (live, driver) =
///     live_config::builder::<Settings>().directory("/etc/app").environment("APP_").start()?;
/// tokio::spawn(driver.run());
/// println!("{}", live.snapshot().settings.port);
/// # Ok(())
/// # }
/// ```
pub fn builder<S>() -> Builder<S> {
    Builder {
        sources: Sources::default(),
        participants: Vec::new(),
        hooks: Vec::new(),
        explanations: Vec::new(),
        timing: Timing::default(),
    }
}

/// Sources, participants and time limits of a live configuration; see [`builder`].
#[must_use = "nothing is read before `start`"]
pub struct Builder<S> {
    sources: Sources,
    participants: Vec<Arc<dyn Participant<S>>>,
    hooks: Vec<Hook<S>>,
    explanations: Vec<(String, Explain)>,
    timing: Timing,
}

/// The reason why a configuration cannot start.
#[derive(Error)]
#[non_exhaustive]
pub enum StartError {
    /// The settings type has a rule that would not be enforced: a defect of the program.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// The sources give no valid configuration.
    #[error(transparent)]
    Problems(#[from] Problems),
}

/// Same as `Display`: a `main` that returns this error prints one problem a line.
impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl<S: DeserializeOwned + JsonSchema + Send + Sync + 'static> Builder<S> {
    /// Adds a mounted directory.
    pub fn directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources = self.sources.directory(path);
        self
    }

    /// Adds the variables of the process that begin with `prefix`, without it. An empty prefix takes variables under the keys' own
    /// names, among which `PORT` or `HOST` may be the platform's.
    pub fn environment(self, prefix: &str) -> Self {
        let own = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.to_str()?.strip_prefix(prefix)?.to_owned();
            Some((name, value))
        });
        self.variables(own)
    }

    /// Adds variables under the keys' own names, such as those of a test.
    pub fn variables<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.sources = self.sources.environment(variables);
        self
    }

    /// Adds a participant in changes of settings whose `x-on-change` is `prepare`.
    pub fn on_change(mut self, participant: impl Participant<S> + 'static) -> Self {
        self.participants.push(Arc::new(participant));
        self
    }

    /// Adds a function that is called with each snapshot that comes into force, rolled back ones included. It must not wait.
    pub fn on_commit(mut self, hook: impl Fn(&Snapshot<S>) + Send + Sync + 'static) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// Has `explain` name the wrong parts of a text that the pattern of `key` refuses.
    pub fn explained_by(mut self, key: &str, explain: Explain) -> Self {
        self.explanations.push((key.to_owned(), explain));
        self
    }

    /// Replaces the time limits.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Reads all sources once, and makes what they give the first generation.
    ///
    /// # Errors
    /// Every problem of the settings type, or every problem of the sources.
    pub fn start(self) -> Result<(Live<S>, Driver<S>), StartError> {
        let contract = Contract::of::<S>()?;
        let contract = self
            .explanations
            .into_iter()
            .fold(contract, |contract, (key, explain)| contract.explained_by(&key, explain));
        let loaded = Loaded::read(&contract, &self.sources)?;
        let (live, driver) = Driver::new(contract, self.sources, loaded, self.participants, self.timing);
        Ok((live, self.hooks.into_iter().fold(driver, Driver::on_commit)))
    }
}
