//! zod: `z.toJSONSchema()` of zod 4, and `zod-to-json-schema` of zod 3.

use super::dialect::{Dialect, Subject};
use super::pattern;

/// The dialect. A required value that may be `null` must be given: no variable holds `null`.
pub(super) const DIALECT: Dialect = Dialect { adjust, null_is_absent: false };

/// Most characters of a host name (RFC 1035, 2.3.4), which zod's pattern looks ahead for.
const MAX_HOSTNAME: u64 = 253;

/// Keeps of a format and a pattern the one that zod itself enforces: the pattern.
fn adjust(subject: &mut Subject<'_>) {
    let pattern = subject.keywords.text("pattern");
    if pattern.is_empty() {
        return;
    }
    let is_portable = pattern::of_whole_text(pattern).is_ok();
    if !is_portable && subject.keywords.text("format") == "hostname" {
        subject.keywords.take("pattern");
        let given = subject.keywords.get("maxLength").and_then(serde_json::Value::as_u64);
        subject.set("maxLength", given.unwrap_or(MAX_HOSTNAME).min(MAX_HOSTNAME));
        subject.note("a host name ends without a dot in a contract; zod also takes one with it");
        return;
    }
    subject.keywords.take("format");
    subject.keywords.take("contentEncoding");
}
