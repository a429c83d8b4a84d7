//! One connection of a client.

use std::error::Error;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use http::header::{CONNECTION, HOST};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::Server;

/// Limit of each step of an answer; many times its usual duration.
const PATIENCE: Duration = Duration::from_secs(15);

/// A persistent connection.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    /// The socket of `sender`.
    socket: OwnedFd,
    host: String,
    is_over: bool,
}

/// Reason for a missing or incomplete answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server had closed the connection before the request was sent.
    NotSent,
    /// Event that the client saw in place of an answer.
    Seen(String),
}

impl Connection {
    /// Connects to a server.
    ///
    /// # Errors
    /// The connection failed.
    pub async fn open(server: &Server) -> Result<Self, Failure> {
        match server {
            Server::Unix(path) => Self::over(in_time(UnixStream::connect(path)).await?, server.host()).await,
            Server::Tcp(address) | Server::Named { address, .. } => {
                Self::over(in_time(TcpStream::connect(address)).await?, server.host()).await
            }
        }
    }

    async fn over<S>(stream: S, host: &str) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + AsFd + Unpin + Send + 'static,
    {
        let socket = stream.as_fd().try_clone_to_owned().map_err(seen)?;
        let (sender, connection) = in_time(http1::handshake(TokioIo::new(stream))).await?;
        // Errors of the connection reach the request that they spoil.
        tokio::spawn(connection);
        Ok(Self { sender, socket, host: host.to_owned(), is_over: false })
    }

    /// The whole body of an answer with status 200.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn get(&mut self, path: &str) -> Result<Bytes, Failure> {
        let body = self.success(path).await?;
        Ok(in_time(body.collect()).await?.to_bytes())
    }

    /// The status of an answer.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn status(&mut self, path: &str) -> Result<StatusCode, Failure> {
        self.ask(path).await.map(|(status, _)| status)
    }

    /// Reads an endless answer; returns when it nevertheless ends completely.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn follow(&mut self, path: &str) -> Result<(), Failure> {
        let mut body = self.success(path).await?;
        while let Some(frame) = timeout(PATIENCE, body.frame()).await.map_err(seen)? {
            frame.map_err(seen)?;
        }
        Ok(())
    }

    /// Returns true if the last answer announced the end of the connection.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    async fn success(&mut self, path: &str) -> Result<Incoming, Failure> {
        match self.ask(path).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, _) => Err(Failure::Seen(format!("status {status}"))),
        }
    }

    /// Returns true if the server's end of the connection has already arrived. The task that reads it may not have run yet on a
    /// busy machine, and clients with persistent connections check before use, as Go's and Java's do.
    fn has_ended(&self) -> bool {
        let mut byte = [0; 1];
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        matches!(recv(&self.socket, &mut byte, flags), Ok((_, 0)))
    }

    async fn ask(&mut self, path: &str) -> Result<(StatusCode, Incoming), Failure> {
        if in_time(self.sender.ready()).await.is_err() || self.has_ended() {
            return Err(Failure::NotSent);
        }
        let request = Request::get(path).header(HOST, &self.host).body(Empty::new()).map_err(seen)?;
        let sent = timeout(PATIENCE, self.sender.try_send_request(request)).await.map_err(seen)?;
        let (head, body) = sent
            .map_err(|mut error| match error.take_message() {
                Some(_) => Failure::NotSent,
                None => seen(error.into_error()),
            })?
            .into_parts();
        self.is_over = says_close(&head.headers);
        Ok((head.status, body))
    }
}

fn says_close(headers: &HeaderMap) -> bool {
    headers.get(CONNECTION).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

async fn in_time<T, E: Error>(step: impl Future<Output = Result<T, E>>) -> Result<T, Failure> {
    timeout(PATIENCE, step).await.map_err(seen)?.map_err(seen)
}

/// The error with its causes: whether a connection was reset or closed is in the last one.
fn seen(error: impl Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Failure::Seen(text)
}
