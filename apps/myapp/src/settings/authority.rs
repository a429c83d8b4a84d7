//! Host and port of a server in a URL: patterns of the contract, and the faults of a text that they reject.

/// Pattern of a user or a database.
pub(super) const NAME: &str = "[A-Za-z0-9_][A-Za-z0-9_.-]*";

/// Characters of a name, as shown in messages.
pub(super) const NAME_CHARACTERS: &str = "letters, digits, _ . -";

/// Pattern of a port: 1 to 65535 in plain decimal.
pub(super) const PORT: &str =
    "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

/// Returns the pattern of an IPv6 address within brackets: its groups in hexadecimal, with at most one `::` (RFC 4291, 2.2),
/// without the form that ends in an IPv4 address.
pub(super) fn ipv6() -> String {
    let group = "[0-9A-Fa-f]{1,4}";
    let shortened = (1..=6).map(|after| {
        let before = 7 - after;
        format!("(?:{group}:){{1,{before}}}(?::{group}){{1,{after}}}")
    });
    let whole = format!("(?:{group}:){{7}}{group}");
    let (at_end, at_start) = (format!("(?:{group}:){{1,7}}:"), format!(":(?:(?::{group}){{1,7}}|:)"));
    let all: Vec<_> = [whole, at_end].into_iter().chain(shortened).chain([at_start]).collect();
    format!("(?:{})", all.join("|"))
}

/// Returns the pattern of a host name, or of an IPv6 address in brackets. An IPv4 address matches as a name.
pub(super) fn host() -> String {
    format!(r"(?:[A-Za-z0-9](?:(?:\.|-+)?[A-Za-z0-9])*|\[{}\])", ipv6())
}

/// Returns the pattern of the spellings of this machine.
pub(super) fn loopback() -> String {
    let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    let localhost = "[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]";
    format!(r"(?:{localhost}|127(?:\.{octet}){{3}}|\[::1\])")
}

/// Pattern of a query parameter with the path of a file of authorities.
pub(super) const ROOT_CERTIFICATES: &str = "sslrootcert=/[A-Za-z0-9_./-]+";

/// Adds the faults of `authority` to `faults`; returns true if its host is this machine.
pub(super) fn faults(authority: &str, faults: &mut Vec<String>) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if host.contains(',') {
        faults.push("several hosts are not supported".into());
        return false;
    }
    let is_port = |text: &str| {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        is_plain && text.parse::<u16>().is_ok()
    };
    if port.is_some_and(|port| !is_port(port)) {
        faults.push("the port is not a number from 1 to 65535".into());
    }
    let is_label = |label: &str| {
        let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(is_inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_address = |text: &str| text.parse::<std::net::Ipv6Addr>().is_ok() && !text.contains('.');
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        if !is_address(address) {
            faults.push("the host in brackets is no address of IPv6 in hexadecimal".into());
        }
    } else if host.is_empty() {
        faults.push("the host is empty".into());
    } else if host.starts_with('%') {
        faults.push("a socket is not supported: the host must be a name or an address".into());
    } else if host.ends_with('.') {
        faults.push("the host ends in a dot".into());
    } else if host.contains(':') {
        faults.push("the host is an IPv6 address without brackets, or has two ports".into());
    } else if !host.split('.').all(is_label) {
        faults.push("the host is no name and no address".into());
    }
    is_loopback(host)
}

/// Returns true if `host` is a spelling of loopback that the contract accepts.
fn is_loopback(host: &str) -> bool {
    let is_v4 = host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    is_v4 || host == "[::1]" || host.eq_ignore_ascii_case("localhost")
}

/// Returns true if `path` is accepted as the path of a file of authorities.
pub(super) fn is_root_certificates(path: &str) -> bool {
    path.len() > 1 && path.starts_with('/') && path.chars().all(|c| is_name(c) || c == '/')
}

/// Returns true if `text` is empty or matches [`NAME`].
pub(super) fn is_word(text: &str) -> bool {
    text.chars().all(is_name) && !text.starts_with(['.', '-'])
}

pub(super) fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-')
}
