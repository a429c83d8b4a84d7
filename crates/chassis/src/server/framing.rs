//! What RFC 9112 demands of a request's `Host` and `Transfer-Encoding` beyond what hyper checks.
//!
//! A request that two servers read differently is how one client speaks in another's name. hyper itself refuses differing
//! lengths, codings that do not end in `chunked`, any coding in HTTP/1.0, folded lines, space before a colon and malformed
//! chunks, and where a request has both a length and a coding it goes by the coding and closes the connection.

use std::net::Ipv6Addr;

use http::header::{HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Version};

use super::refusal::Refusal;
use crate::trace_context::names;

/// Refuses a request whose end or whose addressee could be read in more than one way.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    check_host(request.headers(), request.version())?;
    check_coding(request.headers())
}

/// RFC 9112, 3.2: no `Host` in HTTP/1.1, more than one, or one that is no host is answered with 400.
fn check_host(headers: &HeaderMap, version: Version) -> Result<(), Refusal> {
    // Few fields are compared faster than one is looked up, and this runs for every request.
    let mut hosts = headers.iter().filter(|(name, _)| **name == HOST).map(|(_, value)| value);
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_valid_host(host.as_bytes()) => Ok(()),
        (None, None) if version == Version::HTTP_10 => Ok(()),
        _ => Err(Refusal::bad_request("the request needs exactly one valid Host field")),
    }
}

/// Whether that may be the value of `Host`.
pub(super) fn is_valid_host(value: &[u8]) -> bool {
    // An empty one is for targets without an authority.
    value.is_empty() || is_host(value)
}

/// A name or an address, and perhaps a port. Narrower than the grammar of RFC 3986: no user information, no IP literal but an
/// IPv6 address, no port above 65535, and of a name's characters only those that host names have.
pub(super) fn is_host(bytes: &[u8]) -> bool {
    let port = match bytes {
        [b'[', rest @ ..] => after_address(rest),
        name => after(name, |byte| NAME_BYTES[usize::from(*byte)]),
    };
    match port {
        Some([b':', digits @ ..]) => is_port(digits),
        Some(rest) => rest.is_empty(),
        None => false,
    }
}

/// What follows the bytes that `belongs` takes, of which there must be one.
fn after(bytes: &[u8], belongs: impl Fn(&u8) -> bool) -> Option<&[u8]> {
    let length = bytes.iter().position(|byte| !belongs(byte)).unwrap_or(bytes.len());
    (length > 0).then(|| &bytes[length..])
}

/// What follows an IPv6 address and its bracket.
fn after_address(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| *byte == b']')?;
    let address = str::from_utf8(&bytes[..end]).ok()?;
    address.parse::<Ipv6Addr>().is_ok().then(|| &bytes[end + 1..])
}

/// A port may be empty (RFC 3986, 3.2.3).
fn is_port(digits: &[u8]) -> bool {
    let number = |digits: &[u8]| digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit) && number(digits) <= u32::from(u16::MAX)
}

/// A table, since every byte of every request's host is looked up.
static NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};

/// Only `chunked`, once: a second coding is one more thing for two servers to disagree on, and none is understood here.
fn check_coding(headers: &HeaderMap) -> Result<(), Refusal> {
    if !names(headers, &TRANSFER_ENCODING) {
        return Ok(());
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Refusal::bad_request("the only transfer coding understood is chunked, once")),
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, Version};

    use super::check;

    fn passes(version: Version, fields: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().version(version);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        check(&request.body(()).expect("a request")).is_ok()
    }

    #[test]
    fn a_request_is_for_exactly_one_host() {
        for host in ["test", "test:80", "127.0.0.1:1", "[::1]:80", "[::1]", ""] {
            assert!(passes(Version::HTTP_11, &[("host", host)]), "{host:?}");
        }
        for host in ["a b", "user@test", "test/path", "a,b", "a:b:80", "::1", "[]", ":80", "test:port"] {
            assert!(!passes(Version::HTTP_11, &[("host", host)]), "{host:?}");
        }
        assert!(!passes(Version::HTTP_11, &[]));
        assert!(passes(Version::HTTP_10, &[]));
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert!(!passes(version, &[("host", "a"), ("host", "a")]));
        }
    }

    #[test]
    fn the_only_coding_is_chunked_once() {
        let passes = |codings: &[&str]| {
            let codings = codings.iter().map(|coding| ("transfer-encoding", *coding));
            passes(Version::HTTP_11, &[("host", "test")].into_iter().chain(codings).collect::<Vec<_>>())
        };
        assert!(passes(&[]) && passes(&["chunked"]) && passes(&["Chunked"]));
        for codings in [
            &["gzip, chunked"][..],
            &["chunked, chunked"],
            &["chunked", "chunked"],
            &["identity", "chunked"],
            &["chunked,"],
            &[",chunked"],
            &["chunked;q=1"],
            &["xchunked"],
        ] {
            assert!(!passes(codings), "{codings:?}");
        }
    }
}
