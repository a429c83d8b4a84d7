//! The Secret of a release: never edited, so that a revision that is rolled back to finds the one it was made with. New content is a new
//! Secret under a new name, and those that no kept revision names are removed.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::release::Release;
use crate::console::say;
use crate::deploy::environment::Secrets;
use crate::program::Program;

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const INSTANCE: &str = "app.kubernetes.io/instance";

/// Values by key.
pub(super) type Content = BTreeMap<String, String>;

pub(super) struct Secret {
    pub(super) name: String,
    is_new: bool,
}

/// The value of each key; nothing where no key is asked for.
///
/// # Errors
/// A sentence for every key without a value.
pub(super) fn content(keys: &[&String], secrets: &Secrets) -> Result<Option<Content>, Vec<String>> {
    let missing = keys.iter().filter(|key| secrets.get(key).is_none());
    let problems: Vec<_> =
        missing.map(|key| format!("--secret {key}: there is no variable {key}, or it is empty")).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let content: Content =
        keys.iter().filter_map(|key| Some(((*key).clone(), secrets.get(key)?.to_owned()))).collect();
    Ok((!content.is_empty()).then_some(content))
}

impl Secret {
    /// The Secret of the revision in force where it has just this content, else a new one.
    pub(super) fn ensure(release: &Release<'_>, in_force: Option<u64>, content: &Content) -> Result<Self> {
        let referred = in_force.map(|revision| release.secret_of(revision)).transpose()?.flatten();
        let own = own(release)?;
        if let Some(name) = referred.filter(|name| own.contains(name) && holds(release, name, content)) {
            return Ok(Self { name, is_new: false });
        }
        let labels = json!({ MANAGED_BY: manager(release), INSTANCE: release.name });
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "generateName": format!("{}-secrets-", release.name), "labels": labels },
            "immutable": true,
            "stringData": content,
        });
        // By a pipe, and created rather than applied, which would keep a copy in an annotation.
        let created = release
            .kubectl()
            .args(["create", "--filename=-", "--output=name"])
            .input(secret.to_string())
            .run()?;
        let name = created.trim().strip_prefix("secret/").context("kubectl named no Secret")?.to_owned();
        Ok(Self { name, is_new: true })
    }

    /// After a failure that was taken back: no revision in force names a Secret that was made for this one.
    pub(super) fn take_back(&self, release: &Release<'_>) {
        // The failure is what is to be told; the next deploy that succeeds removes what is left over.
        if self.is_new
            && let Err(error) = remove(release, &self.name)
        {
            say(format!("{error:#}"));
        }
    }

    /// After a success: removes those that no kept revision names.
    pub(super) fn remove_older(&self, release: &Release<'_>) -> Result<()> {
        let referred = release.referred_secrets()?;
        own(release)?
            .iter()
            .filter(|name| !referred.contains(*name))
            .try_for_each(|name| remove(release, name))
    }
}

/// Value of the label `app.kubernetes.io/managed-by` on Secrets that a deploy makes.
fn manager(release: &Release<'_>) -> String {
    format!("{}-deploy", release.service)
}

/// The names of all that deploys have made for the release.
fn own(release: &Release<'_>) -> Result<Vec<String>> {
    let names = "--output=jsonpath={range .items[*]}{.metadata.name}{\"\\n\"}{end}";
    let selector = format!("--selector={MANAGED_BY}={},{INSTANCE}={}", manager(release), release.name);
    let printed = release.kubectl().args(["get", "secrets", &selector, names]).ask()?;
    Ok(printed.lines().map(str::to_owned).collect())
}

/// Returns true if a Secret has exactly these keys and values. One that cannot be read counts as another.
fn holds(release: &Release<'_>, name: &str, content: &Content) -> bool {
    let ask = |template: &str| -> Result<String> {
        let get: Program = release.kubectl().args(["get", "secret", name]);
        get.arg(format!("--output=go-template={template}")).ask()
    };
    let count = ask("{{ len .data }}");
    count.is_ok_and(|count| count == content.len().to_string())
        && content.iter().all(|(key, value)| {
            ask(&format!("{{{{ index .data \"{key}\" | base64decode }}}}")).is_ok_and(|held| held == *value)
        })
}

fn remove(release: &Release<'_>, name: &str) -> Result<()> {
    release.kubectl().args(["delete", "secret", name, "--ignore-not-found"]).run().map(drop)
}
