use std::collections::BTreeMap;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use contract::Violation;
use serde::de::DeserializeOwned;

use crate::directory::{Directory, Mounted};
use crate::scalar::{self, Checked};
use crate::{Contract, Origin, Problem, Problems, Sums, Text, Unknown, environment, seal};

/// Sources of values. Nothing is read before [`Loaded::read`].
#[derive(Default)]
pub struct Sources {
    directory: Option<Directory>,
    environment: BTreeMap<OsString, OsString>,
    fallbacks: BTreeMap<String, String>,
}

impl Sources {
    /// Adds a mounted directory.
    #[must_use]
    pub fn directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.directory = Some(Directory::new(path.into()));
        self
    }

    /// Adds variables; those that are no keys of the contract are ignored.
    #[must_use]
    pub fn environment<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.environment.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// The mounted directory, if there is one.
    pub(crate) fn mounted(&self) -> Option<&Path> {
        self.directory.as_ref().map(Directory::path)
    }

    pub(crate) fn read_directory(&self, contract: &Contract, problems: &mut Vec<Problem>) -> Mounted {
        let directory = self.directory.as_ref();
        directory.map_or_else(Mounted::nothing, |directory| directory.read(contract, problems))
    }

    /// Gives the value of `key` where no source does, before its default.
    #[must_use]
    pub fn fallback(mut self, key: &str, value: String) -> Self {
        self.fallbacks.insert(key.into(), value);
        self
    }
}

/// One value in force.
pub struct Effective {
    /// Value as read from its source.
    pub text: Text,
    /// Source of the value.
    pub origin: Origin,
}

/// A whole, valid configuration.
pub struct Loaded<S> {
    /// The typed values.
    pub settings: S,
    /// Every effective value by key, with its origin.
    pub values: BTreeMap<String, Effective>,
    /// Seals of the release and of the mounted files.
    pub sums: Sums,
    /// Files of names that the contract does not have: most likely a typing mistake.
    pub unknown: Vec<Unknown>,
    /// When what was found was swapped in; `None` where nothing is swapped, as in a plain directory.
    pub written: Option<SystemTime>,
}

/// Result of one look at all sources.
pub(crate) struct Read<S> {
    pub(crate) outcome: Result<Loaded<S>, Problems>,
    /// Files of names that the contract does not have.
    pub(crate) unknown: Vec<Unknown>,
    /// Equal for two looks between which nothing has changed.
    pub(crate) content: [u8; 32],
    /// Seals of the release and of the mounted files, whether the configuration is valid or not.
    pub(crate) sums: Sums,
}

impl<S: DeserializeOwned> Read<S> {
    pub(crate) fn of(contract: &Contract, sources: &Sources) -> Self {
        let mut problems = Vec::new();
        let given = environment::read(contract, &sources.environment, &mut problems);
        let mounted = sources.read_directory(contract, &mut problems);
        let (content, written, sums) = (mounted.content, mounted.written, sums(&given, &mounted));

        let unknown = mounted.unknown;
        let mut values = mounted.values;
        values.extend(given.values);
        let values = effective(contract, sources, values);
        check(contract, &values, mounted.is_whole, &mut problems);
        let outcome = if problems.is_empty() {
            let settings = typed(contract, &values).map_err(|problem| Problems(vec![problem]));
            settings.map(|settings| Loaded {
                settings,
                values,
                sums: sums.clone(),
                unknown: unknown.clone(),
                written,
            })
        } else {
            problems.sort_by(|a, b| a.subject.cmp(&b.subject));
            Err(Problems(problems))
        };
        Self { outcome, unknown, content, sums }
    }
}

impl<S: DeserializeOwned> Loaded<S> {
    /// Reads all sources once, each whole, and checks everything.
    ///
    /// # Errors
    /// Every problem of every source, and every value that the contract refuses.
    pub fn read(contract: &Contract, sources: &Sources) -> Result<Self, Problems> {
        Read::of(contract, sources).outcome
    }

    /// The keys held by the environment, which cannot change while the process runs.
    pub fn pinned(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter(|(_, value)| value.origin.is_pinned()).map(|(key, _)| key.as_str())
    }
}

/// The seal may travel with the files or, where values come by the environment, as a variable beside them; the sum is
/// taken over the values that came the same way.
fn sums(given: &environment::Given, mounted: &Mounted) -> Sums {
    if let Some(rendered) = &given.seal {
        let plain = given.values.iter().filter_map(|(key, (text, _))| match text {
            Text::Plain(text) => Some((key.as_str(), text.as_bytes())),
            Text::Secret(_) => None,
        });
        return Sums { rendered: Some(rendered.clone()), mounted: seal(plain) };
    }
    let files = mounted.raw.iter().map(|(key, bytes)| (key.as_str(), bytes.as_slice()));
    Sums { rendered: mounted.seal.clone(), mounted: seal(files) }
}

/// Adds fallbacks and defaults to what the sources gave.
fn effective(
    contract: &Contract,
    sources: &Sources,
    given: BTreeMap<String, (Text, Origin)>,
) -> BTreeMap<String, Effective> {
    let mut values: BTreeMap<String, Effective> =
        given.into_iter().map(|(key, (text, origin))| (key, Effective { text, origin })).collect();
    for key in contract.keys() {
        let fallback = sources.fallbacks.get(&key.name).map(|text| (text, Origin::Generated));
        let default = key.default.as_ref().map(|text| (text, Origin::Default));
        if let Some((text, origin)) = fallback.or(default) {
            values
                .entry(key.name.clone())
                .or_insert_with(|| Effective { text: Text::of(text.clone(), key.secret), origin });
        }
    }
    values
}

/// Reports missing values only if all sources could be read whole.
fn check(
    contract: &Contract,
    values: &BTreeMap<String, Effective>,
    is_whole: bool,
    problems: &mut Vec<Problem>,
) {
    let value_of = |key: &str| values.get(key).map(|value| value.text.expose());
    for Violation { key, reason, is_missing } in contract.violations(value_of) {
        // A value that could not even be read has its problem already.
        let reported = problems.iter().any(|problem| problem.subject == key.name);
        if !is_missing || (is_whole && !reported) {
            let origin = values.get(&key.name).filter(|_| !is_missing).map(|value| value.origin.clone());
            problems.push(Problem::new(&key.name, reason, origin));
        }
    }
}

/// Valid values as the settings type. A type that refuses values accepted by its own schema has a defect; the problem is
/// reported without the value.
fn typed<S: DeserializeOwned>(
    contract: &Contract,
    values: &BTreeMap<String, Effective>,
) -> Result<S, Problem> {
    let scalars = contract.keys().iter().filter_map(|key| {
        let value = key.value(values.get(&key.name)?.text.expose())?;
        Some((key.name.as_str(), Checked(value)))
    });
    // The type's own code may even panic: at a reload that must not end more than the reload.
    let settings = catch_unwind(AssertUnwindSafe(|| scalar::settings(scalars)));
    settings.ok().and_then(Result::ok).ok_or_else(|| {
        let message =
            "the settings type refuses values that its schema accepts; this is a defect of the program";
        Problem::new("settings", message, None)
    })
}
