//! The release, as Helm knows it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::pinned::{Chart, Image};
use crate::cluster::Cluster;
use crate::console::say;
use crate::deploy::environment::Secrets;
use crate::deploy::rollout::{ReleaseRef, Rollout, diagnosis};
use crate::program::Program;
use crate::refusal::WrongInput;

/// Number of revisions that the Terraform module keeps too: each is a Secret with the chart and its values in it.
const KEPT_REVISIONS: &str = "5";
/// The test pod waits 150 s for the slowest kubelet, and has to be started.
const TEST_TIMEOUT: &str = "240s";

/// A release, its cluster and its timeout.
pub(super) struct Release<'a> {
    pub(super) cluster: Cluster,
    /// The service, which is on each Secret that is made.
    pub(super) service: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) timeout_seconds: u64,
    pub(super) secrets: &'a Secrets,
}

/// Inputs of the release.
pub(super) struct Values {
    pub(super) image: Image,
    pub(super) files: Vec<PathBuf>,
    pub(super) secret: Option<String>,
}

/// The state after a failed deploy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) words: String,
    pub(super) is_undone: bool,
}

/// Knowledge of the replicas after an upgrade that became ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The release's test has passed.
    Tested,
    /// The chart has no test.
    Untested,
}

impl Values {
    fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<_> =
            self.files.iter().map(|file| format!("--values={}", file.display())).collect();
        let Image { repository, digest } = &self.image;
        arguments.extend([
            "--set-string".to_owned(),
            format!("image.repository={repository},image.digest={digest}"),
        ]);
        if let Some(secret) = &self.secret {
            arguments.extend(["--set-string".to_owned(), format!("existingSecret={secret}")]);
        }
        arguments
    }
}

impl Release<'_> {
    /// The newest revision that became ready; nothing where there never was one.
    ///
    /// # Errors
    /// Another deploy is at work, or was killed at work; or Helm does not reach the cluster.
    pub(super) fn in_force(&self) -> Result<Option<u64>> {
        let history = self.history()?;
        if let Some((revision, status)) = history.last().filter(|(_, status)| status.starts_with("pending-"))
        {
            let (name, namespace) = (&self.name, &self.namespace);
            bail!(
                "revision {revision} of {name} is {status}: another deploy is at work, or was killed at it. Wait for that one, or take \
                 it back by `helm rollback {name} --namespace {namespace}` (`helm uninstall …` where it is the first revision)"
            );
        }
        Ok(deployed(&history))
    }

    /// Refuses values that carry secrets, since Helm would store them: the chart renders a Secret only where they do, and refuses them
    /// itself beside the name of one.
    pub(super) fn refuse_inline_secrets(&self, chart: &Chart, values: &Values) -> Result<()> {
        let rendered = self.helm("template").args([&self.name, &chart.0]).args(values.arguments()).ask()?;
        if rendered.lines().any(|line| line == "kind: Secret") {
            return Err(WrongInput::from_error(
                "the values hold secrets (settings with x-secret below config), which Helm would store in every revision: take them out and \
                 give them by --secret, or name a Secret by existingSecret",
            ));
        }
        Ok(())
    }

    /// Returns true if the release became ready. If not, Helm has rolled it back, and the reason was printed.
    pub(super) fn upgrade(&self, chart: &Chart, values: &Values) -> Result<bool> {
        let helm = self.helm("upgrade").args(["--install", &self.name, &chart.0]).args(values.arguments());
        let helm =
            helm.args(["--wait", self.undo_flag()?, "--cleanup-on-fail", "--history-max", KEPT_REVISIONS]);
        let kubectl = || self.kubectl();
        let mut watch = Watch::start(ReleaseRef { kubectl: &kubectl, release: &self.name });
        let mut said = Vec::new();
        let may_go_on = || watch.may_go_on(|line| say(self.secrets.hide(line)));
        let status = helm.arg(self.timeout()).supervise(|line| said.push(line.to_owned()), may_go_on)?;
        if !status.success() {
            said.iter().for_each(|line| say(format!("  | {}", self.secrets.hide(line))));
        }
        Ok(status.success())
    }

    /// Runs `helm test` and shows its output; nothing if it fails, so that not every replica runs what the release rendered.
    pub(super) fn test(&self) -> Result<Option<Proof>> {
        let hooks = self.helm("get").args(["hooks", &self.name]).ask()?;
        if !hooks.lines().any(is_test) {
            return Ok(Some(Proof::Untested));
        }
        let test = self.helm("test").args([&self.name, "--logs", "--timeout", TEST_TIMEOUT]);
        let status = test.supervise(|line| say(self.secrets.hide(line)), || true)?;
        Ok(status.success().then_some(Proof::Tested))
    }

    /// Goes back to a revision, or to nothing where there was none.
    pub(super) fn undo(&self, before: Option<u64>) -> Result<()> {
        let undo = match before {
            Some(revision) => self.helm("rollback").args([&self.name, &revision.to_string()]),
            None => self.helm("uninstall").arg(&self.name),
        };
        undo.arg("--wait").arg(self.timeout()).run().map(drop)
    }

    /// Returns the state after a failure.
    pub(super) fn ending(&self, before: Option<u64>) -> Ending {
        match self.history() {
            Ok(history) => ending(before, &history, &self.name),
            Err(error) => {
                Ending { words: format!("the revision in force is unknown: {error:#}"), is_undone: false }
            }
        }
    }

    /// The names of the Secrets that kept revisions refer to.
    pub(super) fn referred_secrets(&self) -> Result<BTreeSet<String>> {
        let secrets = self.history()?.into_iter().map(|(revision, _)| self.secret_of(revision));
        Ok(secrets.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// The name of the Secret that a revision refers to, if it does.
    pub(super) fn secret_of(&self, revision: u64) -> Result<Option<String>> {
        let values = self.helm("get").args(["values", &self.name, "--output=json", "--revision"]);
        let values: Value =
            serde_json::from_str(&values.arg(revision.to_string()).ask()?).context("helm printed no JSON")?;
        Ok(values["existingSecret"].as_str().map(str::to_owned))
    }

    pub(super) fn kubectl(&self) -> Program {
        self.secrets.keep_from(self.cluster.kubectl().args(["--namespace", &self.namespace]))
    }

    fn helm(&self, subcommand: &str) -> Program {
        self.secrets.keep_from(self.cluster.helm().args([subcommand, "--namespace", &self.namespace]))
    }

    fn timeout(&self) -> String {
        format!("--timeout={}s", self.timeout_seconds)
    }

    /// Helm 4 has another name for what Helm 3 calls atomic.
    fn undo_flag(&self) -> Result<&'static str> {
        let version = self.cluster.helm().args(["version", "--template", "{{ .Version }}"]).ask()?;
        Ok(if version.starts_with("v3.") { "--atomic" } else { "--rollback-on-failure" })
    }

    /// Revisions with their status, oldest first; none where there is no such release.
    fn history(&self) -> Result<Vec<(u64, String)>> {
        match self.helm("history").args([&self.name, "--output=json"]).ask() {
            Ok(printed) => parse_history(&printed),
            Err(error) if format!("{error:#}").contains("release: not found") => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

fn ending(before: Option<u64>, history: &[(u64, String)], name: &str) -> Ending {
    let undone = |words: String| Ending { words, is_undone: true };
    let last = history.last().map(|(revision, _)| *revision);
    match (before, deployed(history)) {
        (Some(before), Some(now)) if now > before => {
            undone(format!("rolled back: revision {now} is in force, with what revision {before} had"))
        }
        // A later revision that failed would have changed objects.
        (Some(before), Some(now)) if last == Some(now) => {
            undone(format!("revision {before} is still in force"))
        }
        (None, None) if last.is_none() => {
            undone("there was no earlier revision, so the release was removed again".to_owned())
        }
        _ => Ending {
            words: format!("it could not be taken back: look at `helm history {name}`"),
            is_undone: false,
        },
    }
}

/// Returns true for the line of a manifest that makes an object a test of the release.
fn is_test(line: &str) -> bool {
    let annotation =
        line.trim().strip_prefix("helm.sh/hook:").or_else(|| line.trim().strip_prefix("\"helm.sh/hook\":"));
    annotation.is_some_and(|hooks| hooks.split([',', ' ', '"', '\'']).any(|hook| hook == "test"))
}

fn parse_history(printed: &str) -> Result<Vec<(u64, String)>> {
    let rows: Vec<Value> = serde_json::from_str(printed).context("helm printed no JSON")?;
    let row = |row: &Value| Some((row["revision"].as_u64()?, row["status"].as_str()?.to_owned()));
    Ok(rows.iter().filter_map(row).collect())
}

fn deployed(history: &[(u64, String)]) -> Option<u64> {
    history.iter().rev().find(|(_, status)| status == "deployed").map(|(revision, _)| *revision)
}

/// Looks at the pods while Helm waits for them.
struct Watch<'a> {
    release: ReleaseRef<'a>,
    /// Failures from before the deploy, and lines that were printed.
    known: BTreeSet<String>,
}

impl<'a> Watch<'a> {
    fn start(release: ReleaseRef<'a>) -> Self {
        let before = Rollout::read(&release).map(|rollout| rollout.failures).unwrap_or_default();
        Self { release, known: before.into_iter().collect() }
    }

    /// Tells what is new, and whether it is worth waiting on. What cannot be asked now may be answered the next time.
    fn may_go_on(&mut self, say: impl Fn(&str)) -> bool {
        let Ok(rollout) = Rollout::read(&self.release) else { return true };
        let progress = format!("replicas ready: {}/{}", rollout.ready, rollout.wanted);
        let lines = std::iter::once(progress).chain(rollout.concerns);
        lines.filter(|line| self.known.insert(line.clone())).for_each(|line| say(&line));
        let new: Vec<_> = rollout.failures.into_iter().filter(|line| !self.known.contains(line)).collect();
        if new.is_empty() {
            return true;
        }
        diagnosis::show(&self.release);
        new.iter().for_each(|line| say(line));
        say("the pods cannot become ready: stopping Helm, which rolls the release back");
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_deployed_revision_is_in_force() {
        let printed = r#"[{"revision":1,"status":"superseded"},{"revision":2,"status":"deployed"},{"revision":3,"status":"failed"}]"#;
        assert_eq!(deployed(&parse_history(printed).unwrap()), Some(2));
        assert_eq!(deployed(&parse_history("[]").unwrap()), None);
    }

    #[test]
    fn state_after_a_failure_comes_from_the_history() {
        let of = |before, rows: &[(u64, &str)]| {
            let history: Vec<_> =
                rows.iter().map(|(revision, status)| (*revision, (*status).to_owned())).collect();
            let ending = ending(before, &history, "myapp");
            (ending.is_undone, ending.words)
        };
        let (undone, words) = of(Some(1), &[(1, "superseded"), (2, "failed"), (3, "deployed")]);
        assert!(
            undone && words == "rolled back: revision 3 is in force, with what revision 1 had",
            "{words}"
        );
        assert_eq!(of(Some(1), &[(1, "deployed")]), (true, "revision 1 is still in force".to_owned()));
        assert!(of(None, &[]).0);
        for (before, rows) in [
            (Some(1), &[(1, "deployed"), (2, "failed"), (3, "failed")][..]),
            (None, &[(1, "failed")]),
            (Some(1), &[]),
        ] {
            let (undone, words) = of(before, rows);
            assert!(!undone && words.contains("could not be taken back"), "{before:?} {rows:?}: {words}");
        }
    }

    #[test]
    fn test_is_known_by_its_hook() {
        assert!(is_test("    helm.sh/hook: test") && is_test("    \"helm.sh/hook\": \"pre-upgrade,test\""));
        assert!(
            !is_test("    helm.sh/hook: pre-upgrade") && !is_test("    helm.sh/hook-delete-policy: test")
        );
    }

    #[test]
    fn no_values_file_overrides_image_or_secret() {
        let values = Values {
            image: Image { repository: "a/b".into(), digest: "sha256:1".into() },
            files: vec!["one.yaml".into()],
            secret: Some("mine".into()),
        };
        let expected = [
            "--values=one.yaml",
            "--set-string",
            "image.repository=a/b,image.digest=sha256:1",
            "--set-string",
            "existingSecret=mine",
        ];
        assert_eq!(values.arguments(), expected);
    }
}
