//! The commit that is checked out: with its time as the time of everything made from it, the same commit is the same bytes.

use kit::process::Cmd;
use kit::workspace;

#[derive(Clone, Debug)]
pub struct Commit {
    pub id: String,
    /// In seconds since 1970.
    pub seconds: u64,
    /// The same in UTC, as `2026-01-31T12:00:00Z`.
    pub time: String,
    /// The checkout differs from the commit.
    pub modified: bool,
}

impl Commit {
    /// Nothing where this is no checkout of Git, or Git is not installed.
    pub fn checked_out() -> Option<Self> {
        let git =
            |words: &[&str]| Cmd::new("git").directory(workspace::root()).args(words).env("TZ", "UTC").ask();
        let format = ["log", "-1", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%H %ct %cd"];
        let told = git(&format).ok()?;
        let mut words = told.split_whitespace();
        let id = words.next()?.to_owned();
        let seconds = words.next()?.parse().ok()?;
        let time = words.next()?.to_owned();
        let modified = !git(&["status", "--porcelain"]).ok()?.trim().is_empty();
        Some(Self { id, seconds, time, modified })
    }

    /// The commit as the service's build script takes it by `BUILD_COMMIT`: `4242ebc4 2026-11-30`.
    pub(super) fn source(&self) -> String {
        let mark = if self.modified { "-modified" } else { "" };
        format!("{:.8}{mark} {:.10}", self.id, self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::Commit;

    #[test]
    fn source_is_short_and_marks_modified_checkouts() {
        let commit = |modified| Commit {
            id: "0123456789abcdef".into(),
            seconds: 0,
            time: "1970-01-01T00:00:00Z".into(),
            modified,
        };
        assert_eq!(commit(false).source(), "01234567 1970-01-01");
        assert_eq!(commit(true).source(), "01234567-modified 1970-01-01");
    }
}
