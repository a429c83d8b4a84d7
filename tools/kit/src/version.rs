//! The workspace's version, where files outside Rust have it: one for programs, images and chart, which are made of one commit.

use std::fs;

use anyhow::{Context as _, Result};

use crate::workspace;

/// The files, and how the lines with the version begin.
const FILES: [(&str, &[&str]); 5] = [
    ("charts/confpath/Chart.yaml", &["version: "]),
    // Its own, and the library's among its dependencies.
    ("charts/myapp/Chart.yaml", &["version: ", "appVersion: ", "    version: "]),
    ("charts/myapp/charts/confpath/Chart.yaml", &["version: "]),
    ("apps/myapp/Dockerfile", &["      org.opencontainers.image.version="]),
    ("apps/confpath/Dockerfile", &["      org.opencontainers.image.version="]),
];

/// Writes `version` into all of [`FILES`].
///
/// # Errors
/// A file cannot be read or written, or has no place for it.
pub fn write(version: &str) -> Result<()> {
    for (path, text) in stamped(version)? {
        fs::write(workspace::root().join(path), text).with_context(|| format!("cannot write {path}"))?;
    }
    Ok(())
}

/// The path of each of [`FILES`], and its text with `version` in it.
///
/// # Errors
/// A file cannot be read, or has no place for it.
pub fn stamped(version: &str) -> Result<Vec<(&'static str, String)>> {
    let stamped = FILES.map(|(path, prefixes)| {
        let text = fs::read_to_string(workspace::root().join(path));
        let text = text.with_context(|| format!("cannot read {path}"))?;
        Ok((path, stamp(&text, prefixes, version).with_context(|| path.to_owned())?))
    });
    stamped.into_iter().collect()
}

/// The text of one of [`FILES`] with `version` in it, quoted as it was.
fn stamp(text: &str, prefixes: &[&str], version: &str) -> Result<String> {
    prefixes.iter().try_fold(text.to_owned(), |text, prefix| {
        let line = text.lines().find(|line| line.starts_with(prefix));
        let line = line.with_context(|| format!("no line begins with `{prefix}`"))?;
        let rest = &line[prefix.len()..];
        let stamped = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some((_, after)) => format!("{prefix}\"{version}\"{after}"),
            None => format!("{prefix}{version}"),
        };
        Ok(text.replacen(line, &stamped, 1))
    })
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn only_lines_with_the_version_change() {
        let text = "apiVersion: v2\nversion: 0.1.0\nappVersion: \"0.1.0\"\n  image.version=\"0.1.0\" \\\n";
        let stamped = stamp(text, &["version: ", "appVersion: ", "  image.version="], "2.0.0-rc.1").unwrap();
        assert_eq!(
            stamped,
            "apiVersion: v2\nversion: 2.0.0-rc.1\nappVersion: \"2.0.0-rc.1\"\n  image.version=\"2.0.0-rc.1\" \\\n"
        );
    }

    #[test]
    fn a_file_without_the_line_is_told_of() {
        assert!(stamp("name: x\n", &["version: "], "1.0.0").unwrap_err().to_string().contains("`version: `"));
    }
}
