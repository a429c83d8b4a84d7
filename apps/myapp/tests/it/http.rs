//! A minimal HTTP client that shows every byte of a response.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// One complete response.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Header lines as sent, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}

/// Polls until the condition holds; the deadline allows for a machine under load.
pub(crate) fn until_true(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(Instant::now() < deadline, "never {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, "GET", path, &[])
}

pub(crate) fn put(address: SocketAddr, path: &str, body: &str) -> Answer {
    send(address, "PUT", path, &[("Content-Type", "application/json")], body)
}

/// Sends a POST without a body, as a tool does.
pub(crate) fn post(address: SocketAddr, path: &str) -> Answer {
    request(address, "POST", path, &[("X-Requested-By", "test")])
}

/// Sends one request on a connection of its own; a `Host` among `headers` replaces the usual one.
pub(crate) fn request(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(address, method, path, headers, "")
}

/// Sends one request with a body.
pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    parse(&exchange(address, method, path, headers, body).unwrap())
}

/// A connection that stays open between requests.
pub(crate) struct Kept(TcpStream);

impl Kept {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(stream)
    }

    /// Sends a request, reads the whole response and returns its status.
    pub(crate) fn status(&mut self, path: &str) -> u16 {
        self.0.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let answer = parse(std::str::from_utf8(&head).unwrap());
        let length = answer.header("content-length").unwrap().parse().unwrap();
        self.0.read_exact(&mut vec![0; length]).unwrap();
        answer.status
    }
}

/// Sends a GET to a service that may end at any moment; `None` if it did before the response was complete.
pub(crate) fn try_get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Option<Answer> {
    let answer = exchange(address, "GET", path, headers, "").ok()?;
    let answer = answer.contains("\r\n\r\n").then(|| parse(&answer))?;
    let length = answer.header("content-length")?.parse::<usize>().ok()?;
    (answer.body.len() == length).then_some(answer)
}

fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<String> {
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

    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(text.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn parse(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Answer { status, headers, body: body.to_owned() }
}
