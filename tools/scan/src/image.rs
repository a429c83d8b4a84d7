//! The content of the service's image, read from its layers: a file that a later layer hides is shipped all the same.

use std::collections::BTreeSet;

use anyhow::Result;
use release::Program;
use release::image::{
    self,
    content::{Content, Entry, Kind},
};
use serde_json::Value;

use super::finding::{Finding, items, text};
use super::subject::{ScanResult, Scanned, Subject};

/// Programs that run what they are told, or bring in others: an intruder's first tools.
const TOOLS: [&str; 24] = [
    "apk", "apt", "apt-get", "ash", "bash", "busybox", "curl", "dash", "dnf", "dpkg", "ksh", "microdnf",
    "nc", "npm", "perl", "pip", "pip3", "python", "python3", "rpm", "sh", "wget", "yum", "zsh",
];
/// Names of variables that hold what must not be in an image.
const SECRET_WORDS: [&str; 4] = ["PASSWORD", "SECRET", "TOKEN", "KEY"];
/// Prefix of the Dockerfile's lines that name a path of the image.
const LISTED: &str = "#   /";

pub(super) fn content(subject: &Subject) -> Result<ScanResult> {
    let archive = match &subject.image {
        Some(path) => path.clone(),
        None => image::archive(Program::Myapp, &image::Options::default())?.path,
    };
    let content = Content::read(&archive)?;
    let dockerfile = subject.tree.read(Program::Myapp.dockerfile()).unwrap_or_default();
    let named = named_paths(&dockerfile);
    let user = User::of(&content.config);
    let mut findings = user_findings(&user, &text(&content.config, "/config/User"));
    findings.extend(variable_findings(&content.config));
    findings.extend(content.entries.iter().flat_map(|entry| entry_findings(entry, &named, &user)));
    let what = format!("layers: {}, entries: {}", content.n_layers, content.entries.len());
    Ok(ScanResult::Scanned(Scanned { what, findings, explained: 0 }))
}

/// Every path that the Dockerfile lists in a comment, and the folders on the way to it.
fn named_paths(dockerfile: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for path in dockerfile.lines().filter_map(|line| line.strip_prefix(LISTED)) {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        named.extend(ends.map(|end| path[..end].to_owned()));
    }
    named
}

/// Who the image's process is; a part is missing where it is not told by number.
struct User {
    user: Option<u64>,
    group: Option<u64>,
}

impl User {
    fn of(config: &Value) -> Self {
        let text = text(config, "/config/User");
        let (user, group) = text.split_once(':').unwrap_or((&text, ""));
        Self { user: user.parse().ok(), group: group.parse().ok() }
    }

    /// Its owner may make writable what is not.
    fn may_write(&self, entry: &Entry) -> bool {
        let is_owner = self.user == Some(entry.user);
        let by_group = self.group == Some(entry.group) && entry.mode & 0o020 != 0;
        is_owner || by_group || entry.mode & 0o002 != 0
    }
}

fn user_findings(user: &User, told: &str) -> Vec<Finding> {
    match user.user {
        Some(0) => vec![finding("runs-as-root", "USER", told, "the process would be root")],
        Some(_) => Vec::new(),
        None if told.is_empty() => {
            vec![finding("runs-as-root", "USER", "none", "without a user it runs as root")]
        }
        None => {
            let why = "Kubernetes cannot tell from a name that it is not root; use the number";
            vec![finding("user-by-name", "USER", told, why)]
        }
    }
}

fn variable_findings(config: &Value) -> Vec<Finding> {
    let names =
        items(config, "/config/Env").filter_map(Value::as_str).filter_map(|text| text.split('=').next());
    let secret = names.filter(|name| SECRET_WORDS.iter().any(|word| name.to_uppercase().contains(word)));
    secret.map(|name| finding("secret-variable", "ENV", name, "an image is no place for a secret")).collect()
}

fn entry_findings(entry: &Entry, named: &BTreeSet<String>, user: &User) -> Vec<Finding> {
    let path = entry.path.as_str();
    let name = path.rsplit('/').next().unwrap_or(path);
    let mode = format!("mode {:04o}, owner {}:{}", entry.mode, entry.user, entry.group);
    let mut findings = Vec::new();
    let mut found = |rule: &str, message: &str| findings.push(finding(rule, path, &mode, message));
    if !named.contains(path) {
        found("not-named", "the Dockerfile names no such path");
    }
    if entry.mode & 0o7000 != 0 {
        found("special-mode", "setuid, setgid or sticky: nothing here needs another's rights");
    }
    if entry.kind == Kind::Other {
        found("special-file", "neither file nor folder: a link or device can lead out of what was checked");
    }
    if user.may_write(entry) {
        found("writable", "the process could change it and be changed by it");
    }
    if entry.kind != Kind::Folder && TOOLS.contains(&name) {
        found("intruders-tool", "a shell, interpreter or package manager serves only who breaks in");
    }
    findings
}

fn finding(rule: &str, path: &str, on: &str, message: &str) -> Finding {
    let [rule, path, on, message] = [rule, path, on, message].map(str::to_owned);
    Finding { path, line: 0, rule, on, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfile_names_paths_and_their_parents() {
        let dockerfile = "# Other words: /no/path\n#   /usr/bin/app\n#   /app\nRUN install /a /b";
        let named: Vec<_> = named_paths(dockerfile).into_iter().collect();
        assert_eq!(named, ["app", "usr", "usr/bin", "usr/bin/app"]);
    }

    #[test]
    fn root_no_user_and_names_are_told_apart() {
        let rules = |told: &str| {
            let config = serde_json::json!({ "config": { "User": told } });
            user_findings(&User::of(&config), told)
                .into_iter()
                .map(|finding| finding.rule)
                .collect::<Vec<_>>()
        };
        assert_eq!(rules("65532:65532"), Vec::<String>::new());
        assert_eq!(rules("0"), ["runs-as-root"]);
        assert_eq!(rules(""), ["runs-as-root"]);
        assert_eq!(rules("app"), ["user-by-name"]);
    }
}
