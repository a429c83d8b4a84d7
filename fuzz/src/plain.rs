//! Plain requests: a server with a fast path and one that leaves everything to hyper serve and answer the same.

use crate::server::{Server, sent};

thread_local! {
    static FAST: Server = Server::new(true);
    static HYPER: Server = Server::new(false);
}

/// Checks that requests, in their order, and answers are the same with and without a fast path.
pub fn check(input: &[u8]) {
    let fast = FAST.with(|server| server.converse(input));
    let hyper = HYPER.with(|server| server.converse(input));
    assert_eq!(fast.served.len(), hyper.served.len(), "{:?}\n{:?}", fast.served, hyper.served);
    for (fast, hyper) in fast.served.iter().zip(&hyper.served) {
        let mut hyper = hyper.clone();
        if fast.host.is_none() {
            hyper.host = None;
        }
        assert_eq!(*fast, hyper);
    }
    let sent = sent(input);
    assert_eq!(lines(&fast.answers, &sent), lines(&hyper.answers, &sent));
}

/// The lines of all answers in no order, without those that differ from one answer to the next.
fn lines(answers: &[u8], sent: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(answers);
    let mut lines: Vec<_> =
        text.split("\r\n").filter(|line| is_determined(line, sent)).map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// False of the date, of a request id that the server has made, and of a problem document, which holds the id.
fn is_determined(line: &str, sent: &[u8]) -> bool {
    let was_sent = |id: &str| sent.windows(id.len().max(1)).any(|bytes| bytes == id.as_bytes());
    !line.starts_with("date: ")
        && !line.starts_with("{\"type\"")
        && line.strip_prefix("x-request-id: ").is_none_or(was_sent)
}
