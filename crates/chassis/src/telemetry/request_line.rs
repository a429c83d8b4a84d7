//! The log line of a request, of the same shape as all others but written by hand: at 100 000 requests a second the
//! formatter of `tracing-subscriber` would cost more than the requests.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime};

use crate::RequestId;

/// What is said of a request. Nothing in it is free text of a client.
#[derive(Debug)]
pub(crate) struct RequestLine<'a> {
    pub(crate) listener: &'static str,
    pub(crate) method: &'static str,
    pub(crate) route: &'a str,
    /// None for a request that was cut, or whose client went away.
    pub(crate) status: Option<u16>,
    pub(crate) duration: Duration,
    pub(crate) request_id: &'a RequestId,
}

thread_local! {
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl RequestLine<'_> {
    /// Hands the line to `push`, newline and all.
    pub(super) fn with_bytes(&self, now: SystemTime, push: impl FnOnce(&[u8])) {
        LINE.with_borrow_mut(|line| {
            line.clear();
            // Writing to memory cannot fail; half a line would not be JSON.
            if self.write(line, now).is_ok() {
                push(line);
            }
        });
    }

    fn write(&self, line: &mut Vec<u8>, now: SystemTime) -> io::Result<()> {
        let message = if self.status.is_some() { "request" } else { "request cancelled" };
        write!(
            line,
            r#"{{"timestamp":"{}","level":"INFO","message":"{message}","#,
            humantime::format_rfc3339_micros(now)
        )?;
        write!(line, r#""listener":"{}","method":"{}","route":"#, self.listener, self.method)?;
        serde_json::to_writer(&mut *line, self.route)?;
        if let Some(status) = self.status {
            write!(line, r#","status":{status}"#)?;
        }
        let micros = self.duration.as_micros();
        write!(line, r#","duration_ms":{}.{:03}"#, micros / 1000, micros % 1000)?;
        writeln!(line, r#","request_id":"{}","target":"{}"}}"#, self.request_id.as_str(), module_path!())
    }
}
