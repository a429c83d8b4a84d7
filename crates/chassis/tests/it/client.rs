//! An HTTP client that can do what a library would not: stop in the middle of a header, stay silent, read nothing.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Maximum time of any wait in these tests.
const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(TIMEOUT, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited {TIMEOUT:?} for: {what}"),
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    headers: Vec<(String, String)>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).await.expect("the listener accepts")
    }

    pub(crate) async fn try_connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = within("a connection", TcpStream::connect(address)).await?;
        Ok(Self { stream, unread: Vec::new() })
    }

    /// Connects while nothing else of this test's runtime runs.
    pub(crate) fn connect_blocking(address: SocketAddr) -> Self {
        let stream = std::net::TcpStream::connect_timeout(&address, TIMEOUT).expect("the listener is there");
        stream.set_nonblocking(true).expect("a socket can be");
        Self { stream: TcpStream::from_std(stream).expect("inside a runtime"), unread: Vec::new() }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.try_send(text).await.expect("the peer reads");
    }

    /// Fails once the server has closed the connection.
    pub(crate) async fn try_send(&mut self, text: &str) -> std::io::Result<()> {
        within("the peer to read", self.stream.write_all(text.as_bytes())).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
        self.answer().await
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        within("an answer", self.try_answer()).await.expect("an answer, not the end of the connection")
    }

    /// None when the connection ends before a whole answer has come.
    pub(crate) async fn try_answer(&mut self) -> Option<Answer> {
        let end = loop {
            match self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(position) => break position + 4,
                None => self.more().await?,
            }
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).expect("a header in ASCII");
        let mut lines = head.split("\r\n").filter(|line| !line.is_empty());
        let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status");
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Answer { status, headers, body: String::new() };
        let length = answer.header("content-length").map_or(0, |value| value.parse().expect("a length"));
        while self.unread.len() < length {
            self.more().await?;
        }
        answer.body = String::from_utf8(self.unread.drain(..length).collect()).expect("text");
        Some(answer)
    }

    /// All answers until the server closes the connection, which it must; `what` was sent to it.
    pub(crate) async fn answers(&mut self, what: &str) -> Vec<Answer> {
        let mut answers = Vec::new();
        let all = async {
            while let Some(answer) = self.try_answer().await {
                answers.push(answer);
            }
        };
        within(&format!("the server to close after {what:.200?}"), all).await;
        answers
    }

    /// Says that nothing more will be sent, and goes on reading.
    pub(crate) async fn half_close(&mut self) {
        self.stream.shutdown().await.expect("open");
    }

    /// The next head as it was sent; None when the connection ends before that.
    pub(crate) async fn head(&mut self) -> Option<String> {
        let read = async {
            loop {
                if let Some(position) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                    break Some(position + 4);
                }
                self.more().await?;
            }
        };
        let end = within("a head", read).await?;
        Some(String::from_utf8(self.unread.drain(..end).collect()).expect("a header in ASCII"))
    }

    /// Leaves with a reset, as a process does that dies with bytes unread.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().expect("open");
    }

    /// Waits until the bytes so far end in `text`.
    pub(crate) async fn until(&mut self, text: &str) {
        let come = async {
            while !self.unread.ends_with(text.as_bytes()) {
                self.more().await.expect("not the end of the connection");
            }
        };
        within(text, come).await;
    }

    /// All bytes so far that were not read as an answer.
    pub(crate) fn taken(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.unread)).expect("text")
    }

    /// All bytes up to the end of the connection.
    pub(crate) async fn rest(&mut self) -> String {
        self.closed().await;
        self.taken()
    }

    /// Waits for the server to close the connection, with or without a reset.
    pub(crate) async fn closed(&mut self) {
        within("the server to close", async { while self.more().await.is_some() {} }).await;
    }

    /// The same for a client that does not mind how long it takes.
    pub(crate) async fn closed_some_time(&mut self) {
        while self.more().await.is_some() {}
    }

    /// Takes one byte from the socket; false when the connection has ended.
    pub(crate) async fn read_a_byte(&mut self) -> bool {
        within("a byte", self.stream.read(&mut [0; 1])).await.is_ok_and(|length| length > 0)
    }

    /// Waits until an answer has begun, and leaves it unread.
    pub(crate) async fn first_byte(&self) {
        within("the first byte", self.stream.readable()).await.expect("open");
    }

    /// True if there is nothing to read now.
    pub(crate) fn is_silent(&mut self) -> bool {
        self.stream.try_read(&mut [0; 1]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    async fn more(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.unread).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}

/// Sends one request on a new connection.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Answer {
    Client::connect(address).await.get(path).await
}
