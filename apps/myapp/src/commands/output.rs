//! Output of the commands: answers on standard output, problems on standard error.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;

use fleet::printable;

/// Maximum length of a line that quotes the content of a file or of another process, in characters.
pub(super) const MAX_LINE_CHARS: usize = 4000;

/// Prints an answer and returns exit code 0, even if the reader has closed the pipe.
pub(super) fn answer(text: impl Display) -> u8 {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
    0
}

/// Tells a person at a terminal the URL of the public listener, and the way to stop the process. Nothing anywhere else.
pub(super) fn greet(public: SocketAddr) {
    if std::io::stdout().is_terminal() {
        let _ = writeln!(std::io::stdout().lock(), "{}", greeting(public));
    }
}

fn greeting(public: SocketAddr) -> String {
    let url = if public.ip().is_unspecified() {
        format!("http://localhost:{}", public.port())
    } else {
        format!("http://{public}")
    };
    format!(
        "myapp: {url} shows the configuration in force. Ctrl-C stops it as a rollout would, with some seconds for late \
        requests; once more stops it at once."
    )
}

/// Prints each line of `problems` to standard error and returns `code`.
pub(super) fn fail(code: u8, problems: impl Display) -> u8 {
    let mut stderr = std::io::stderr().lock();
    for line in problems.to_string().lines() {
        let _ = writeln!(stderr, "myapp: {}", printable(line, MAX_LINE_CHARS));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::greeting;

    #[test]
    fn the_greeting_begins_with_a_url_that_opens() {
        for (address, url) in [
            ("127.0.0.1:5000", "myapp: http://127.0.0.1:5000 "),
            ("[::]:80", "myapp: http://localhost:80 "),
            ("[::1]:80", "myapp: http://[::1]:80 "),
        ] {
            assert!(greeting(address.parse().unwrap()).starts_with(url));
        }
    }
}
