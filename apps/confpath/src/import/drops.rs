//! Keywords that are left out because someone asked for it.

/// Keywords by name or by JSON pointer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drops(pub(crate) Vec<String>);

impl Drops {
    /// Returns true if the keyword `name` at `pointer` is left out; a setting, which is no keyword, has no name here.
    pub(super) fn has(&self, name: &str, pointer: &str) -> bool {
        self.0.iter().any(|asked| asked == name || asked == pointer)
    }
}

/// The sentence for a keyword that a contract does not have.
pub(super) fn unenforced(keyword: &str) -> String {
    format!(
        "keyword {keyword:?} is not enforced by a contract: leave it out with --drop {keyword} if the service checks it"
    )
}
