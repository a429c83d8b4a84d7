//! A place in a registry: its name, what is there already, and how the programs that push there log in.
//!
//! Credentials come from the file that `docker login` writes, and are on no command line.

mod api;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kit::oci;
use kit::process::Cmd;
use serde_json::Value;

use api::{Api, Response};

/// The destination of a release.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Registry {
    /// With its port, if it has one.
    host: String,
    prefix: String,
    credentials: Option<PathBuf>,
}

/// The manifest under a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) digest: String,
    pub(super) manifest: Value,
}

impl Registry {
    /// Reads `REGISTRY/PREFIX`.
    ///
    /// # Errors
    /// It is something else; credentials in it are refused without being shown.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let form = "give --to as REGISTRY/PREFIX, such as ghcr.io/team";
        if text.contains('@') {
            bail!("no credentials in --to, everyone sees a command line: log in before; {form}");
        }
        if text.contains("://") {
            bail!("{text}: without a scheme; {form}");
        }
        let Some((host, prefix)) = text.split_once('/') else { bail!("{text} has no PREFIX; {form}") };
        if host != "localhost" && !host.contains(['.', ':']) {
            bail!("{host} is no host of a registry: it has neither a dot nor a port; {form}");
        }
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let is_name = |part: &str| {
            part.chars().all(|c| is_plain(c) || "._-".contains(c))
                && part.starts_with(is_plain)
                && part.ends_with(is_plain)
        };
        if !prefix.split('/').all(is_name) {
            bail!("{prefix} is no PREFIX: lower-case letters, digits, . _ - and / between them; {form}");
        }
        Ok(Self { host: host.to_owned(), prefix: prefix.to_owned(), credentials: credentials() })
    }

    /// The full name of what is called `name` below the prefix.
    pub(super) fn repository(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.host, self.prefix)
    }

    /// Returns true if only this machine can reach the registry.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host.rsplit_once(':').map_or(self.host.as_str(), |(host, _)| host);
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Returns the manifest under a name with its tag or digest, if there is one.
    ///
    /// # Errors
    /// The registry cannot be asked.
    pub(super) fn published(&self, name: &str) -> Result<Option<Published>> {
        let asked = Cmd::new("skopeo").args(["--insecure-policy", "inspect", "--raw"]);
        let asked = self.trusted(asked, "--tls-verify=false").arg(format!("docker://{name}"));
        match asked.ask() {
            Ok(manifest) => Ok(Some(Published {
                digest: oci::digest(manifest.as_bytes()),
                manifest: serde_json::from_str(&manifest).context("a manifest that is no JSON")?,
            })),
            Err(error) if is_not_there(&format!("{error:#}")) => Ok(None),
            Err(error) => Err(self.explained(error)),
        }
    }

    /// Pushes all of what a layout has under the name `reference`, to a name with a tag or digest.
    pub(super) fn push_image(&self, layout: &Path, reference: &str, name: &str) -> Result<()> {
        let copy =
            Cmd::new("skopeo").args(["--insecure-policy", "copy", "--quiet", "--all", "--preserve-digests"]);
        self.trusted(copy, "--dest-tls-verify=false")
            .arg(format!("oci:{}:{reference}", layout.display()))
            .arg(format!("docker://{name}"))
            .run()
            .map(drop)
            .map_err(|error| self.explained(error))
    }

    /// Pushes a packed chart below `folder`; its name there is the chart's.
    pub(super) fn push_chart(&self, chart: &Path, folder: &str) -> Result<()> {
        let push = Cmd::new("helm").arg("push").arg(chart).arg(format!("oci://{folder}"));
        let push = match &self.credentials {
            Some(file) => push.arg("--registry-config").arg(file),
            None => push,
        };
        let push = if self.is_loopback() { push.arg("--plain-http") } else { push };
        // The time of the file is in the manifest, in the zone of whoever pushes.
        push.env("TZ", "UTC").run().map(drop).map_err(|error| self.explained(error))
    }

    /// Returns true if the registry itself lists what refers to a manifest.
    pub(super) fn lists_referrers(&self, repository: &str, digest: &str) -> Result<bool> {
        let response = self.api()?.get(&format!("/v2/{}/referrers/{digest}", self.path(repository)))?;
        match response.status {
            200 => Ok(true),
            401 | 403 => Err(self.refused(&response)),
            _ => Ok(false),
        }
    }

    /// Writes a manifest under a tag. Skopeo 1.9 drops `artifactType` from the entries of an index.
    pub(super) fn put_manifest(
        &self,
        repository: &str,
        tag: &str,
        media_type: &str,
        content: &str,
    ) -> Result<()> {
        let path = format!("/v2/{}/manifests/{tag}", self.path(repository));
        let response = self.api()?.put(&path, media_type, content)?;
        if response.status == 201 { Ok(()) } else { Err(self.refused(&response)) }
    }

    fn api(&self) -> Result<Api> {
        Api::new(&self.host, self.is_loopback(), self.credentials.as_deref())
    }

    /// A full name without the host.
    fn path<'a>(&self, repository: &'a str) -> &'a str {
        repository.strip_prefix(&format!("{}/", self.host)).unwrap_or(repository)
    }

    fn refused(&self, response: &Response) -> anyhow::Error {
        let words = if response.status == 401 { "unauthorized" } else { response.body.trim() };
        self.explained(anyhow::anyhow!("it answered {}: {words}", response.status))
    }

    fn trusted(&self, command: Cmd, without_tls: &str) -> Cmd {
        let command = match &self.credentials {
            Some(file) => command.arg("--authfile").arg(file),
            None => command,
        };
        if self.is_loopback() { command.arg(without_tls) } else { command }
    }

    fn explained(&self, error: anyhow::Error) -> anyhow::Error {
        if is_refused(&format!("{error:#}")) {
            let log_in = format!("log in with `docker login {0}` or `skopeo login {0}`", self.host);
            return error.context(format!("{} does not let in whoever this is: {log_in}", self.host));
        }
        error.context(format!("{} cannot be used", self.host))
    }
}

/// The file that both programs are to read, where one of the usual ones is there.
fn credentials() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let candidates = [
        variable("REGISTRY_AUTH_FILE"),
        variable("DOCKER_CONFIG").map(|folder| folder.join("config.json")),
        variable("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json")),
        std::env::home_dir().map(|home| home.join(".docker/config.json")),
    ];
    candidates.into_iter().flatten().find(|file| file.is_file())
}

/// In the words of registries, as both programs repeat them.
fn is_not_there(error: &str) -> bool {
    says_one_of(error, &["manifest unknown", "manifest_unknown", "name unknown", "name_unknown"])
}

fn is_refused(error: &str) -> bool {
    let words =
        ["unauthorized", "authentication required", "invalid username/password", "denied", "forbidden"];
    says_one_of(error, &words)
}

fn says_one_of(error: &str, words: &[&str]) -> bool {
    let error = error.to_lowercase();
    words.iter().any(|words| error.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Registry::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn registry_and_prefix_name_the_release() {
        let registry = Registry::parse("ghcr.io/team/apps").unwrap();
        assert_eq!(registry.repository("myapp"), "ghcr.io/team/apps/myapp");
        assert_eq!(registry.repository("charts/myapp"), "ghcr.io/team/apps/charts/myapp");
    }

    #[test]
    fn invalid_destination_is_refused_with_the_form() {
        let cases = [
            ("ghcr.io", "has no PREFIX"),
            ("team/apps", "is no host of a registry"),
            ("oci://ghcr.io/team", "without a scheme"),
            ("ghcr.io/Team", "is no PREFIX"),
            ("ghcr.io/", "is no PREFIX"),
            ("ghcr.io/team/", "is no PREFIX"),
            ("ghcr.io/team:1.0", "is no PREFIX"),
            ("ghcr.io/../team", "is no PREFIX"),
        ];
        for (text, reason) in cases {
            let error = refused(text);
            assert!(error.contains(reason) && error.contains("such as ghcr.io/team"), "{text}: {error}");
        }
    }

    #[test]
    fn credentials_are_refused_without_being_quoted() {
        let error = refused("me:pass-word@ghcr.io/team");
        assert!(error.contains("no credentials") && !error.contains("pass-word"), "{error}");
    }

    #[test]
    fn registry_errors_are_told_apart() {
        let missing = "reading manifest 1.2.3 in ghcr.io/team/myapp: manifest unknown";
        let refused = "unexpected status from GET request to https://ghcr.io/v2/: 401 Unauthorized";
        let broken = "pinging container registry 127.0.0.1:40132: connection refused";
        let told = |error| (is_not_there(error), is_refused(error));
        assert_eq!([missing, refused, broken].map(told), [(true, false), (false, true), (false, false)]);
    }

    #[test]
    fn only_loopback_goes_without_tls() {
        for (text, expected) in [
            ("127.0.0.1:5000/x", true),
            ("localhost:5000/x", true),
            ("[::1]:5000/x", true),
            ("127.0.0.1.example.com/x", false),
            ("10.0.0.1:5000/x", false),
            ("localhost.example.com/x", false),
        ] {
            assert_eq!(Registry::parse(text).unwrap().is_loopback(), expected, "{text}");
        }
    }
}
