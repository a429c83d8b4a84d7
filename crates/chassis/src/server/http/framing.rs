//! Checks of `Host` and `Transfer-Encoding` that RFC 9112 requires and hyper does not make.
//!
//! A request that two servers read differently lets one client send requests in another client's name. hyper itself rejects
//! differing lengths, codings that do not end in `chunked`, any coding in HTTP/1.0, folded lines, space before a colon and
//! malformed chunks. If a request has both a length and a coding, hyper uses the coding and closes the connection.

use std::net::Ipv6Addr;

use http::header::{HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Version};

use super::reject::Rejection;
use crate::trace_context::contains_header;

/// Rejects a request whose end or whose host is ambiguous.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), Rejection> {
    check_host(request.headers(), request.version())?;
    check_coding(request.headers())
}

/// Rejects a request of HTTP/1.1 without `Host`, and any with more than one or an invalid one (RFC 9112, 3.2).
fn check_host(headers: &HeaderMap, version: Version) -> Result<(), Rejection> {
    // Comparing a few fields is faster than one lookup, and this runs for every request.
    let mut hosts = headers.iter().filter(|(name, _)| **name == HOST).map(|(_, value)| value);
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_valid_host(host.as_bytes()) => Ok(()),
        (None, None) if version == Version::HTTP_10 => Ok(()),
        _ => Err(Rejection::bad_request("the request needs exactly one valid Host field")),
    }
}

/// True if `value` is a valid `Host`.
pub(crate) fn is_valid_host(value: &[u8]) -> bool {
    // A target without an authority has an empty one.
    value.is_empty() || is_host(value)
}

/// True for a name or an address, with an optional port. Narrower than the grammar of RFC 3986: no user information, no IP
/// literal except an IPv6 address, no port above 65535, and only the characters of host names.
pub(crate) fn is_host(bytes: &[u8]) -> bool {
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

/// Returns the bytes after those that `belongs` accepts, of which there must be at least one.
fn after(bytes: &[u8], belongs: impl Fn(&u8) -> bool) -> Option<&[u8]> {
    let length = bytes.iter().position(|byte| !belongs(byte)).unwrap_or(bytes.len());
    (length > 0).then(|| &bytes[length..])
}

/// Returns the bytes after an IPv6 address and its bracket.
fn after_address(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| *byte == b']')?;
    let address = str::from_utf8(&bytes[..end]).ok()?;
    address.parse::<Ipv6Addr>().is_ok().then(|| &bytes[end + 1..])
}

/// True for a port number; it may be empty (RFC 3986, 3.2.3).
fn is_port(digits: &[u8]) -> bool {
    let number = |digits: &[u8]| digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit) && number(digits) <= u32::from(u16::MAX)
}

/// Bytes of host names, as a table: every byte of every request's host is looked up.
static NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};

/// Rejects all codings but one `chunked`: two servers could disagree on any other.
fn check_coding(headers: &HeaderMap) -> Result<(), Rejection> {
    if !contains_header(headers, &TRANSFER_ENCODING) {
        return Ok(());
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Rejection::bad_request("the only transfer coding understood is chunked, once")),
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
    fn request_has_exactly_one_host() {
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
    fn only_coding_is_chunked_once() {
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
