//! Clients for tests and tools without an async runtime.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::answer::{Answer, Unread};

/// Limit of each read; many times its usual duration.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The response to a GET on a connection of its own.
///
/// # Panics
/// See [`send`].
pub fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, "GET", path, &[])
}

/// The response to a request without a body on a connection of its own.
///
/// # Panics
/// See [`send`].
pub fn request(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(address, method, path, headers, "")
}

/// The response to a request on a connection of its own, with all bytes up to the end of the connection as its body. A `Host`
/// among `headers` replaces the usual one.
///
/// # Panics
/// The server does not answer.
pub fn send(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let text = exchange(address, &request_text(address, method, path, headers, body));
    parse(&text.unwrap_or_else(|error| panic!("{method} {path}: {error}")))
}

/// The response to a GET of a server that may end at any moment.
///
/// # Errors
/// The server is not there, or ended before the response was complete.
pub fn try_get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> io::Result<Answer> {
    let text = exchange(address, &request_text(address, "GET", path, headers, ""))?;
    let answer = text.contains("\r\n\r\n").then(|| parse(&text));
    let is_whole =
        |answer: &Answer| answer.header("content-length").is_some() && answer.body.len() == answer.length();
    answer.filter(is_whole).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Sends these bytes, and returns the response up to the end of the connection.
///
/// # Errors
/// The server is not there, or falls silent.
pub fn exchange(address: SocketAddr, bytes: &str) -> io::Result<String> {
    let mut stream = connect(address)?;
    stream.write_all(bytes.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A connection that stays open between requests.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    unread: Unread,
}

impl Connection {
    /// Connects to a server.
    ///
    /// # Errors
    /// The server is not there.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: connect(address)?, address, unread: Unread::default() })
    }

    /// The response to a GET.
    ///
    /// # Errors
    /// The server ends the connection, or falls silent.
    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        self.stream.write_all(request.as_bytes())?;
        let mut part = [0; 8192];
        loop {
            if let Some(answer) = self.unread.take_answer() {
                return Ok(answer);
            }
            match self.stream.read(&mut part)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => self.unread.0.extend(&part[..length]),
            }
        }
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    Ok(stream)
}

fn request_text(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    let host = format!("127.0.0.1:{}", address.port());
    let own_host = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
    let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    let host = (!own_host).then_some(("Host", host.as_str()));
    for (name, value) in host.iter().chain(headers) {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text
}

fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {text:?}"));
    let answer = Answer::parse(head).unwrap_or_else(|| panic!("no response: {head:?}"));
    Answer { body: body.to_owned(), ..answer }
}
