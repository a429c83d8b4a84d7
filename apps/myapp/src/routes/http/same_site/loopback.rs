//! Names of this machine's loopback, in every spelling that a client may send in `Host`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns true if `host`, the value of a `Host` header, names loopback, with or without a port.
///
/// A page of another site cannot have been loaded under any of these names: browsers resolve `localhost` themselves, and parse a
/// name that ends in a number as an address.
pub(super) fn is_loopback_host(host: &str) -> bool {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        // A colon within brackets is part of an address.
        Some((name, port)) if is_port(port) && !name.is_empty() => name,
        _ => host,
    };
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => {
            address.parse::<Ipv6Addr>().is_ok_and(|ip| IpAddr::V6(ip).to_canonical().is_loopback())
        }
        None => is_localhost(name) || ipv4(name).is_some_and(|ip| ip.is_loopback()),
    }
}

/// Returns true for `localhost` in either case, with or without the final dot of a fully qualified name.
fn is_localhost(name: &str) -> bool {
    name.strip_suffix('.').unwrap_or(name).eq_ignore_ascii_case("localhost")
}

/// Parses an IPv4 address of two to four decimal parts; the last part fills all omitted ones, as in `127.1`.
fn ipv4(name: &str) -> Option<Ipv4Addr> {
    let parts: Option<Vec<u32>> = name.split('.').map(decimal).collect();
    let parts = parts.filter(|parts| (2..=4).contains(&parts.len()))?;
    let (last, first) = parts.split_last()?;
    let room = 32 - 8 * u32::try_from(first.len()).ok()?;
    let is_small = first.iter().all(|part| *part <= 255) && last.checked_shr(room).unwrap_or(0) == 0;
    let bits = first.iter().zip([24, 16, 8]).fold(*last, |bits, (part, shift)| bits | part << shift);
    is_small.then(|| Ipv4Addr::from_bits(bits))
}

/// Parses a decimal part without leading zeros, which some parsers read as octal digits.
fn decimal(part: &str) -> Option<u32> {
    let is_plain = part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
    is_plain.then(|| part.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::is_loopback_host;

    #[test]
    fn loopback_is_known_in_every_spelling() {
        for name in [
            "localhost",
            "LOCALHOST",
            "LocalHost",
            "localhost.",
            "127.0.0.1",
            "127.0.0.2",
            "127.255.255.254",
            "127.1",
            "127.0.1",
            "127.65535",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[0000::0001]",
            "[::0:1]",
            "[::ffff:127.0.0.1]",
            "[::FFFF:7f00:1]",
        ] {
            for port in ["", ":", ":80", ":9091", ":65535"] {
                let host = format!("{name}{port}");
                assert!(is_loopback_host(&host), "{host}");
            }
        }
    }

    #[test]
    fn no_other_name_is_taken_for_loopback() {
        for host in [
            "",
            ":80",
            ".",
            "evil.example",
            "localhost.evil.example:9091",
            "evil.localhost.example",
            "127.0.0.1.evil.example",
            "127.0.0.1.",
            "localhost:x",
            "localhost..",
            ".localhost",
            "xlocalhost",
            "localhost:80:80",
            "127",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "127.00.0.1",
            "127.0.0.256",
            "127.0.65536",
            "127.16777216",
            "126.0.0.1",
            "128.0.0.1",
            "0.0.0.0",
            "10.127.0.1",
            "127.0.0.1.1",
            "127..1",
            "127.0.0.-1",
            "127.0.0.+1",
            "::1",
            "[::]",
            "[::2]",
            "[::1]x",
            "[::1",
            "[127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[::127.0.0.1]",
            "[fe80::1]",
            "[::1%25lo]",
        ] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }
}
