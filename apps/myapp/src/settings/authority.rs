//! Host and port of a server in a URL: as patterns of the contract, and what is wrong with a text that they refuse.

/// A user or a database, as a pattern.
pub(super) const NAME: &str = "[A-Za-z0-9_][A-Za-z0-9_.-]*";

/// Characters of a name, as messages have them.
pub(super) const NAME_CHARACTERS: &str = "letters, digits, _ . -";

/// 1 to 65535 in plain decimal, as a pattern.
pub(super) const PORT: &str =
    "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

/// What stands in the brackets of an address of IPv6, as a pattern: its groups in hexadecimal, with `::` once at most
/// (RFC 4291, 2.2), without the form that ends in an address of IPv4.
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

/// The name of a host, or an address of IPv6 in brackets, as a pattern. Names are told from addresses of IPv4 by nobody here.
pub(super) fn host() -> String {
    format!(r"(?:[A-Za-z0-9](?:(?:\.|-+)?[A-Za-z0-9])*|\[{}\])", ipv6())
}

/// The spellings of this machine, as a pattern.
pub(super) fn loopback() -> String {
    let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    let localhost = "[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]";
    format!(r"(?:{localhost}|127(?:\.{octet}){{3}}|\[::1\])")
}

/// A file of authorities, as a parameter of a query and as a pattern.
pub(super) const ROOT_CERTIFICATES: &str = "sslrootcert=/[A-Za-z0-9_./-]+";

/// Tells `faults` of each that `authority` has; returns true where its host is this machine.
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

/// As the contract spells it.
fn is_loopback(host: &str) -> bool {
    let is_v4 = host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    is_v4 || host == "[::1]" || host.eq_ignore_ascii_case("localhost")
}

/// Whether that is the path of a file of authorities.
pub(super) fn is_root_certificates(path: &str) -> bool {
    path.len() > 1 && path.starts_with('/') && path.chars().all(|c| is_name(c) || c == '/')
}

/// Whether [`NAME`] takes it, unless it is empty.
pub(super) fn is_word(text: &str) -> bool {
    text.chars().all(is_name) && !text.starts_with(['.', '-'])
}

pub(super) fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-')
}
