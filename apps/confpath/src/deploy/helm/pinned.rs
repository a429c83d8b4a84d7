//! Names that stand for one content only.

use std::path::Path;

const DIGITS: usize = 64;

/// An image, by the digest of its manifest or index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) repository: String,
    /// With `sha256:`.
    pub(super) digest: String,
}

impl Image {
    /// # Errors
    /// One sentence: it is no NAME@sha256:….
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let refusal = |why: &str| {
            format!("--image {text}: {why}; give NAME@sha256:… with 64 digits, as `release push` prints it")
        };
        let (repository, digest) =
            text.split_once('@').ok_or_else(|| refusal("names no digest, so it may become another image"))?;
        if !is_digest(digest) {
            return Err(refusal("is no digest"));
        }
        // A colon before the last slash is that of a port.
        if repository.is_empty() || repository.rsplit('/').next().is_some_and(|last| last.contains(':')) {
            return Err(refusal("has a tag beside the digest, which would say nothing"));
        }
        Ok(Self { repository: repository.to_owned(), digest: digest.to_owned() })
    }
}

/// A chart as Helm takes it: a folder, or a reference to a registry by digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chart(pub(super) String);

impl Chart {
    /// # Errors
    /// One sentence: there is no such folder, or the reference has no digest.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("oci://") {
            let is_pinned = text.split_once('@').is_some_and(|(_, digest)| is_digest(digest));
            return if is_pinned {
                Ok(Self(text.to_owned()))
            } else {
                Err(format!(
                    "--chart {text}: names no digest; give oci://NAME@sha256:…, as `release push` prints it"
                ))
            };
        }
        let folder = Path::new(text);
        if folder.join("Chart.yaml").is_file() {
            Ok(Self(local(text)))
        } else {
            Err(format!("--chart {text}: there is no {}/Chart.yaml", folder.display()))
        }
    }
}

/// A folder in a form that Helm does not take for the name of a repository.
fn local(folder: &str) -> String {
    let is_path = folder.starts_with(['/', '.']);
    if is_path { folder.to_owned() } else { format!("./{folder}") }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == DIGITS
            && digits.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> String {
        format!("sha256:{}", "0a".repeat(DIGITS / 2))
    }

    #[test]
    fn an_image_is_taken_by_digest_only() {
        let parsed = Image::parse(&format!("localhost:5000/a/myapp@{}", digest())).unwrap();
        assert_eq!((parsed.repository.as_str(), parsed.digest), ("localhost:5000/a/myapp", digest()));
        for refused in [
            "myapp".to_owned(),
            "myapp:0.1.0".to_owned(),
            format!("myapp:0.1.0@{}", digest()),
            format!("@{}", digest()),
            "myapp@sha256:0a".to_owned(),
            format!("myapp@{}", digest().to_uppercase()),
        ] {
            assert!(
                Image::parse(&refused).is_err_and(|problem| problem.contains("NAME@sha256:")),
                "{refused}"
            );
        }
    }

    #[test]
    fn chart_is_a_folder_or_pinned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert!(Chart::parse(path).is_err_and(|problem| problem.ends_with("/Chart.yaml")));
        std::fs::write(folder.path().join("Chart.yaml"), "").unwrap();
        assert_eq!(Chart::parse(path).unwrap().0, path);
        assert_eq!((local("charts/shop"), local("./shop")), ("./charts/shop".into(), "./shop".into()));
        assert!(Chart::parse(&format!("oci://ghcr.io/a/charts/myapp@{}", digest())).is_ok());
        for refused in
            ["oci://ghcr.io/a/charts/myapp", "oci://ghcr.io/a/charts/myapp@1.2.3", "no-such-folder"]
        {
            assert!(Chart::parse(refused).is_err(), "{refused}");
        }
    }
}
