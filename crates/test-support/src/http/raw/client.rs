//! A client that can do what a library would not: stop in the middle of a header, stay silent, read nothing.
//!
//! Each of its steps panics after 20 s.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::{Answer, Unread};
use crate::wait::within;

/// Limit of each step; many times its usual duration.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    unread: Unread,
}

impl Client {
    /// Connects to a server that must be there.
    pub async fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).await.expect("the listener accepts")
    }

    /// Connects to a server.
    ///
    /// # Errors
    /// The server is not there.
    pub async fn try_connect(address: SocketAddr) -> io::Result<Self> {
        let stream = within(TIMEOUT, "a connection", TcpStream::connect(address)).await?;
        Ok(Self { stream, unread: Unread::default() })
    }

    /// Connects while nothing else of this test's runtime runs.
    pub fn connect_blocking(address: SocketAddr) -> Self {
        let stream = std::net::TcpStream::connect_timeout(&address, TIMEOUT).expect("the listener is there");
        stream.set_nonblocking(true).expect("a socket can be");
        Self { stream: TcpStream::from_std(stream).expect("inside a runtime"), unread: Unread::default() }
    }

    /// Sends these bytes.
    pub async fn send(&mut self, text: &str) {
        self.try_send(text).await.expect("the peer reads");
    }

    /// Sends these bytes.
    ///
    /// # Errors
    /// The server has closed the connection.
    pub async fn try_send(&mut self, text: &str) -> io::Result<()> {
        within(TIMEOUT, "the peer to read", self.stream.write_all(text.as_bytes())).await
    }

    /// The response to a GET.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
        self.answer().await
    }

    /// The next response, which must be whole.
    pub async fn answer(&mut self) -> Answer {
        let answer = within(TIMEOUT, "an answer", self.try_answer()).await;
        answer.expect("an answer, not the end of the connection")
    }

    /// The next response; `None` when the connection ends before all of it has come. It waits without a limit.
    pub async fn try_answer(&mut self) -> Option<Answer> {
        loop {
            if let Some(answer) = self.unread.take_answer() {
                return Some(answer);
            }
            self.more().await?;
        }
    }

    /// All responses until the server closes the connection, which it must; `what` was sent to it.
    pub async fn answers(&mut self, what: &str) -> Vec<Answer> {
        let mut answers = Vec::new();
        let all = async {
            while let Some(answer) = self.try_answer().await {
                answers.push(answer);
            }
        };
        within(TIMEOUT, &format!("the server to close after {what:.200?}"), all).await;
        answers
    }

    /// Announces that nothing more will be sent; reading goes on.
    pub async fn half_close(&mut self) {
        self.stream.shutdown().await.expect("open");
    }

    /// The next head as it was sent; `None` when the connection ends before that.
    pub async fn head(&mut self) -> Option<String> {
        let read = async {
            loop {
                if let Some(head) = self.unread.take_head() {
                    return Some(head);
                }
                self.more().await?;
            }
        };
        within(TIMEOUT, "a head", read).await
    }

    /// Leaves with a reset, as a process does that dies with bytes unread.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("open");
    }

    /// Waits until the bytes so far end in `text`.
    pub async fn until(&mut self, text: &str) {
        let come = async {
            while !self.unread.0.ends_with(text.as_bytes()) {
                self.more().await.expect("not the end of the connection");
            }
        };
        within(TIMEOUT, text, come).await;
    }

    /// All bytes so far that were not read as a response.
    pub fn taken(&mut self) -> String {
        self.unread.take()
    }

    /// All bytes up to the end of the connection.
    pub async fn rest(&mut self) -> String {
        self.closed().await;
        self.taken()
    }

    /// Waits for the server to close the connection, with or without a reset.
    pub async fn closed(&mut self) {
        within(TIMEOUT, "the server to close", self.closed_some_time()).await;
    }

    /// [`Client::closed`] without a limit.
    pub async fn closed_some_time(&mut self) {
        while self.more().await.is_some() {}
    }

    /// Takes one byte from the socket; false when the connection has ended.
    pub async fn read_a_byte(&mut self) -> bool {
        within(TIMEOUT, "a byte", self.stream.read(&mut [0; 1])).await.is_ok_and(|length| length > 0)
    }

    /// Waits until a response has begun, and leaves it unread.
    pub async fn first_byte(&self) {
        within(TIMEOUT, "the first byte", self.stream.readable()).await.expect("open");
    }

    /// Returns true if there is nothing to read now.
    pub fn is_silent(&mut self) -> bool {
        self.stream.try_read(&mut [0; 1]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    async fn more(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.unread.0).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}

/// The response to a GET on a new connection.
pub async fn get(address: SocketAddr, path: &str) -> Answer {
    Client::connect(address).await.get(path).await
}
