//! The reason that a hook gives: its first printable characters, without secrets.

use std::sync::Arc;

use live_config::{Snapshot, Text};
use serde::de::IgnoredAny;

use crate::agent::mask::Masks;

const MAX_CHARS: usize = 500;
/// Length of the longest form of a secret by the length of the secret: each byte as `%XX`.
const LONGEST_FORM: usize = 3;
/// Stands for a secret that is too short to be looked for in other forms.
const MASK: &str = "********";

/// The secrets of some generations.
pub(crate) struct Secrets(Vec<Arc<Snapshot<IgnoredAny>>>);

impl Secrets {
    pub(crate) fn of(snapshots: impl IntoIterator<Item = Arc<Snapshot<IgnoredAny>>>) -> Self {
        Self(snapshots.into_iter().collect())
    }

    /// The text that may be shown of what a hook has written; `is_whole` is false if it had written more.
    pub(super) fn shown(&self, bytes: &[u8], is_whole: bool) -> String {
        let longest = self.secrets().map(|(_, secret)| secret.len() * LONGEST_FORM).max().unwrap_or_default();
        // The end of a text that goes on may be the beginning of a secret.
        let end = if is_whole { bytes.len() } else { bytes.len().saturating_sub(longest) };
        let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
        let Some(text) = self.masked(&text) else { return String::new() };
        let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        printable.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_CHARS).collect()
    }

    /// `None` where secrets cannot be masked.
    fn masked(&self, text: &str) -> Option<String> {
        let masks = Masks::new().ok()?;
        let too_short = masks.add(self.secrets()).ok()?;
        let mut text = masks.masked(text);
        for (_, secret) in self.secrets().filter(|(key, _)| too_short.contains(key)) {
            text = text.replace(secret, MASK);
        }
        Some(text)
    }

    fn secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        let values = self.0.iter().flat_map(|snapshot| &snapshot.values);
        values.filter_map(|(key, value)| match &value.text {
            Text::Secret(secret) if !secret.is_empty() => Some((key.as_str(), secret.expose())),
            Text::Secret(_) | Text::Plain(_) => None,
        })
    }
}
