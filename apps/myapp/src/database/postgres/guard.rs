//! A filter of the server's authentication requests: the driver would answer a request for the password in clear text.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::database::{DatabaseError, Reason};

/// The weakest authentication method that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Accepted {
    /// The credential itself.
    ClearText,
    /// An MD5 digest of the password, from which it can be guessed.
    Md5,
    /// A proof that is valid for one exchange.
    Scram,
}

/// Kind of the message with which the server requests authentication, or confirms it
/// (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).
const AUTHENTICATION: u8 = b'R';
const OK: u32 = 0;
const CLEAR_TEXT_PASSWORD: u32 = 3;
const MD5_PASSWORD: u32 = 5;
/// Length of the kind and of the length field, which counts itself.
const HEAD: usize = 5;
/// Length of the head with the code of an authentication message.
const HEAD_AND_CODE: usize = 9;

/// A stream on which reading fails before the driver has received a complete request that is not accepted.
pub(super) struct Guard<S> {
    stream: S,
    watch: Watch,
}

/// Parses the server's messages up to the one that completes the authentication.
struct Watch {
    accepted: Accepted,
    /// First bytes of the current message.
    head: Vec<u8>,
    /// Number of bytes up to the next message.
    rest: usize,
    is_over: bool,
}

impl<S> Guard<S> {
    pub(super) fn new(stream: S, accepted: Accepted) -> Self {
        Self { stream, watch: Watch::new(accepted) }
    }
}

impl Watch {
    fn new(accepted: Accepted) -> Self {
        Self { accepted, head: Vec::with_capacity(HEAD_AND_CODE), rest: 0, is_over: false }
    }

    fn read(&mut self, mut bytes: &[u8]) -> Result<(), DatabaseError> {
        while !self.is_over && !bytes.is_empty() {
            if self.rest > 0 {
                let skipped = self.rest.min(bytes.len());
                self.rest -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.head.push(bytes[0]);
            bytes = &bytes[1..];
            self.judge()?;
        }
        Ok(())
    }

    /// Checks a message as soon as enough of it has arrived.
    fn judge(&mut self) -> Result<(), DatabaseError> {
        let number = |bytes: &[u8]| bytes.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let needed = if self.head[0] == AUTHENTICATION { HEAD_AND_CODE } else { HEAD };
        if self.head.len() < needed {
            return Ok(());
        }
        let length = number(&self.head[1..HEAD]) as usize + 1;
        if needed == HEAD_AND_CODE {
            let code = number(&self.head[HEAD..]);
            let refused = match code {
                CLEAR_TEXT_PASSWORD if self.accepted > Accepted::ClearText => Some("clear_text_password"),
                MD5_PASSWORD if self.accepted > Accepted::Md5 => Some("md5_password"),
                _ => None,
            };
            if let Some(code) = refused {
                return Err(DatabaseError::with(Reason::Protocol, code));
            }
            self.is_over = code == OK;
        }
        self.rest = length.saturating_sub(needed);
        self.head.clear();
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        Poll::Ready(self.watch.read(&buf.filled()[before..]).map_err(io::Error::other))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAR_TEXT: [u8; 9] = [b'R', 0, 0, 0, 8, 0, 0, 0, 3];
    const MD5: [u8; 13] = [b'R', 0, 0, 0, 12, 0, 0, 0, 5, 1, 2, 3, 4];
    const LET_IN: [u8; 9] = [b'R', 0, 0, 0, 8, 0, 0, 0, 0];
    const NOTICE: [u8; 7] = [b'N', 0, 0, 0, 6, b'R', 0];

    /// Returns the result for messages that arrive in parts of `size`.
    fn verdict(accepted: Accepted, messages: &[&[u8]], size: usize) -> Result<(), String> {
        let mut watch = Watch::new(accepted);
        let bytes = messages.concat();
        let mut parts = bytes.chunks(size);
        parts.try_for_each(|part| watch.read(part)).map_err(|error| error.code.unwrap_or_default())
    }

    #[test]
    fn weaker_proofs_are_refused_however_they_arrive() {
        for size in 1..=32 {
            let refused = |accepted, messages: &[&[u8]]| verdict(accepted, messages, size).unwrap_err();
            assert_eq!(refused(Accepted::Scram, &[&NOTICE, &CLEAR_TEXT]), "clear_text_password");
            assert_eq!(refused(Accepted::Md5, &[&CLEAR_TEXT]), "clear_text_password");
            assert_eq!(refused(Accepted::Scram, &[&MD5]), "md5_password");
            // A second request after an accepted one.
            assert_eq!(refused(Accepted::Md5, &[&MD5, &CLEAR_TEXT]), "clear_text_password");
            assert_eq!(verdict(Accepted::Md5, &[&NOTICE, &MD5, &LET_IN], size), Ok(()));
            assert_eq!(verdict(Accepted::ClearText, &[&CLEAR_TEXT, &LET_IN], size), Ok(()));
        }
    }

    #[test]
    fn what_follows_the_login_is_left_alone() {
        assert_eq!(verdict(Accepted::Scram, &[&LET_IN, &CLEAR_TEXT], 4), Ok(()));
    }

    #[test]
    fn absurd_lengths_are_survived() {
        for length in [[0, 0, 0, 0], [255, 255, 255, 255]] {
            let message = [&b"S"[..], &length, &CLEAR_TEXT].concat();
            let _ = verdict(Accepted::Scram, &[&message], 3);
        }
    }
}
