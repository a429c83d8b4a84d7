//! A strict reader of HTTP/1 requests: it stops at the first one that RFC 9112 lets two servers read differently.

use std::net::Ipv6Addr;

/// Limit of fields, equal to the server's default.
const MAX_FIELDS: usize = 100;

/// A request that can be read in one way only.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) host: Option<Vec<u8>>,
    /// `None` if the body does not come to its end.
    pub(crate) body: Option<Vec<u8>>,
    /// True if no request may be read after this one.
    pub(crate) is_last: bool,
}

/// All requests up to the first that is malformed, ambiguous or cut off.
pub(crate) fn read(mut bytes: &[u8]) -> Vec<Reading> {
    let mut readings = Vec::new();
    while let Some((reading, rest)) = request(bytes) {
        bytes = rest;
        let is_over = reading.body.is_none() || reading.is_last;
        readings.push(reading);
        if is_over {
            break;
        }
    }
    readings
}

fn request(bytes: &[u8]) -> Option<(Reading, &[u8])> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let httparse::Status::Complete(length) = head.parse(bytes).ok()? else { return None };
    if !has_clean_lines(&bytes[..length], head.headers.len()) {
        return None;
    }
    let values = |name: &str| -> Vec<&[u8]> {
        head.headers
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
            .collect()
    };
    let is_1_1 = head.version == Some(1);
    let hosts = values("host");
    if hosts.len() > 1 || (is_1_1 && hosts.is_empty()) {
        return None;
    }
    let (body, is_last, rest) =
        body(&values("transfer-encoding"), &values("content-length"), is_1_1, &bytes[length..])?;
    let reading = Reading {
        method: head.method?.to_owned(),
        target: head.path?.to_owned(),
        host: hosts.first().map(|host| host.to_vec()),
        body,
        is_last,
    };
    Some((reading, rest))
}

/// Returns true if each line is a field, in one line, under a name that ends at its colon. A bare LF ends a line; a bare CR or
/// NUL is in no valid line.
fn has_clean_lines(head: &[u8], n_fields: usize) -> bool {
    let lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    // Empty lines before the request line are skipped by every server.
    let mut lines = lines.skip_while(|line| line.is_empty());
    let is_clean = |line: &[u8]| !line.contains(&b'\r') && !line.contains(&0);
    let is_field = |line: &[u8]| {
        line.iter()
            .position(|byte| *byte == b':')
            .is_some_and(|end| end > 0 && line[..end].iter().all(is_token))
    };
    let request_line = lines.next().is_some_and(is_clean);
    let fields: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    request_line && fields.len() == n_fields && fields.iter().all(|line| is_clean(line) && is_field(line))
}

fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
}

type Body<'a> = (Option<Vec<u8>>, bool, &'a [u8]);

/// Returns `None` if the body's end can be read in two ways.
fn body<'a>(codings: &[&[u8]], lengths: &[&[u8]], is_1_1: bool, rest: &'a [u8]) -> Option<Body<'a>> {
    if let [coding, more @ ..] = codings {
        let is_chunked = coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
        if !(is_chunked && more.is_empty() && is_1_1) {
            return None;
        }
        let (body, is_in_doubt, rest) = chunked(rest).unwrap_or((None, true, &[]));
        // RFC 9112, 6.1: a server that goes by the coding must close the connection.
        return Some((body, is_in_doubt || !lengths.is_empty(), rest));
    }
    let mut numbers = lengths.iter().map(|length| number(length));
    let Some(first) = numbers.next() else { return Some((Some(Vec::new()), false, rest)) };
    let length = first?;
    if numbers.any(|other| other != Some(length)) {
        return None;
    }
    match usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length)) {
        Some((body, rest)) => Some((Some(body.to_vec()), false, rest)),
        None => Some((None, true, rest)),
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

/// The body, whether what follows is in doubt, and the rest. None where a chunk is malformed.
fn chunked(mut bytes: &[u8]) -> Option<Body<'_>> {
    let mut body = Vec::new();
    loop {
        let Some((size, rest)) = line(bytes) else { return Some((None, true, bytes)) };
        let digits = size.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let extension = &size[digits..];
        let is_sound = (1..=16).contains(&digits)
            && !extension.contains(&b'\n')
            && !extension.contains(&b'\r')
            && (extension.is_empty() || b"; \t".contains(&extension[0]));
        if !is_sound {
            return None;
        }
        let size = u64::from_str_radix(std::str::from_utf8(&size[..digits]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(match rest.strip_prefix(b"\r\n") {
                Some(rest) => (Some(body), false, rest),
                // A trailer section, or no more bytes.
                None if rest.windows(4).any(|end| end == b"\r\n\r\n") => (Some(body), true, &[]),
                None => (None, true, &[]),
            });
        }
        let Some((chunk, rest)) = usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size))
        else {
            return Some((None, true, &[]));
        };
        body.extend_from_slice(chunk);
        bytes = match rest.strip_prefix(b"\r\n") {
            Some(rest) => rest,
            None if rest.len() < 2 => return Some((None, true, &[])),
            None => return None,
        };
    }
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((&bytes[..end], &bytes[end + 2..]))
}

/// Returns true if `bytes` is empty, or a name or an address with an optional port.
pub(crate) fn is_host(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port =
        port.is_none_or(|port| port.is_empty() || number(port.as_bytes()).is_some_and(|it| it < 65536));
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    is_port && address.map_or_else(|| is_name(host), |address| address.parse::<Ipv6Addr>().is_ok())
}
