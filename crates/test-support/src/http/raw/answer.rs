//! Responses, and the bytes from which they are read.

/// A whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header lines as sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, which is text.
    pub body: String,
}

impl Answer {
    /// The first value of a header; `name` is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// The body is not JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// The response with this head and no body; `None` for bytes that begin no response, such as a chunk of a body that nobody read.
    pub(super) fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n").filter(|line| !line.is_empty());
        let status = lines.next()?.split(' ').nth(1)?;
        let status = status.parse().unwrap_or_else(|_| panic!("no response: {head:?}"));
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no header: {line:?}"));
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Some(Self { status, headers: lines.map(header).collect(), body: String::new() })
    }

    /// Bytes of the body, by the header; 0 without one.
    pub(super) fn length(&self) -> usize {
        self.header("content-length").map_or(0, |value| value.parse().expect("a length"))
    }
}

/// Bytes that have arrived and were not read as a response yet.
#[derive(Debug, Default)]
pub(super) struct Unread(pub(super) Vec<u8>);

impl Unread {
    /// Takes the next head as it was sent, if all of it is there.
    pub(super) fn take_head(&mut self) -> Option<String> {
        let end = self.head_end()?;
        Some(text(self.0.drain(..end).collect()))
    }

    /// Takes the next response, if all of it is there.
    pub(super) fn take_answer(&mut self) -> Option<Answer> {
        let end = self.head_end()?;
        let mut answer = Answer::parse(&String::from_utf8_lossy(&self.0[..end]))?;
        let whole = end + answer.length();
        if self.0.len() < whole {
            return None;
        }
        answer.body = text(self.0.drain(..whole).skip(end).collect());
        Some(answer)
    }

    /// Takes all of it.
    pub(super) fn take(&mut self) -> String {
        text(std::mem::take(&mut self.0))
    }

    fn head_end(&self) -> Option<usize> {
        Some(self.0.windows(4).position(|window| window == b"\r\n\r\n")? + 4)
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelined_answers_are_taken_one_by_one() {
        let first = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-One: a: b\r\n\r\nbody";
        let mut unread = Unread(format!("{first}HTTP/1.1 204 None\r\n\r\nHTTP/1.1 200 OK\r\n").into_bytes());
        let answer = unread.take_answer().unwrap();
        assert_eq!(
            (answer.status, answer.body.as_str(), answer.header("x-one")),
            (200, "body", Some("a: b"))
        );
        assert_eq!(unread.take_answer().unwrap().status, 204);
        assert_eq!((unread.take_answer(), unread.take().as_str()), (None, "HTTP/1.1 200 OK\r\n"));
    }

    #[test]
    fn unread_chunk_is_no_answer() {
        assert_eq!(Unread(b"0\r\n\r\n".to_vec()).take_answer(), None);
    }

    #[test]
    fn answer_without_its_whole_body_stays_unread() {
        let mut unread = Unread(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbod".to_vec());
        assert_eq!(unread.take_answer(), None);
        unread.0.push(b'y');
        assert_eq!(unread.take_answer().unwrap().body, "body");
    }
}
