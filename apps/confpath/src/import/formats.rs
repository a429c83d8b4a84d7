//! Formats of JSON Schema that a contract has as patterns only.

/// One octet of an IPv4 address.
const OCTET: &str = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

/// One group of an IPv6 address.
const GROUP: &str = "[0-9A-Fa-f]{1,4}";

/// The pattern and the sentence for a format of JSON Schema (2020-12, validation, 7.3); `None` for others.
pub(super) fn pattern_of(format: &str) -> Option<(String, &'static str)> {
    match format {
        "ipv4" => Some((format!("^(?:{OCTET}(?:\\.{OCTET}){{3}})$"), "an IPv4 address")),
        "ipv6" => Some((ipv6(), "an IPv6 address")),
        "uuid" => Some((
            "^(?:[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})$".into(),
            "a UUID such as 123e4567-e89b-12d3-a456-426614174000",
        )),
        _ => None,
    }
}

/// Addresses of RFC 4291, 2.2, without a zone and without an embedded IPv4 address.
fn ipv6() -> String {
    let after = |count: usize| format!("(?::{GROUP}){{1,{count}}}");
    let mut forms = vec![format!("(?:{GROUP}:){{7}}{GROUP}"), format!("(?:{GROUP}:){{1,7}}:")];
    forms.extend((1..=6).map(|before| format!("(?:{GROUP}:){{1,{before}}}{}", after(7 - before))));
    forms.push(format!(":(?:{}|:)", after(7)));
    format!("^(?:{})$", forms.join("|"))
}
