//! The parser of the flags that name replicas.

use std::net::Ipv6Addr;

/// Parses a host name or an address, and a port; use it as clap `value_parser`. The name is resolved at each use.
///
/// # Errors
/// A message for the user.
pub fn host_and_port(text: &str) -> Result<String, String> {
    let is_host = |host: &str| {
        let is_ipv6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).is_some_and(is_ipv6);
        is_ipv6
            || !(host.is_empty()
                || host.contains([':', '[', ']', '/', '@'])
                || host.contains(char::is_whitespace))
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    match text.rsplit_once(':') {
        Some((host, port)) if is_host(host) && is_port(port) => Ok(text.to_owned()),
        _ => Err("must be a name or an address with a port, as in shop-peers:9090 or [::1]:9090".into()),
    }
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}
