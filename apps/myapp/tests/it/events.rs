//! The event stream, from the first byte to the last.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use test_support::http::raw::blocking::get;
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::{Kind, on_both_databases};
use crate::mount::Mount;
use crate::service::Service;

on_both_databases! {
    configuration_events_carry_keys_and_reasons_not_values
    client_reconnecting_to_same_process_misses_nothing
    event_readers_are_bounded_and_slots_reused
    a_stop_ends_the_stream_in_good_order
}

const KEY: (&str, &str) = ("secrets/SECRET_KEY", "canary-key-7f3a9c");
/// Maximum number of concurrent readers of the service.
const READERS: usize = 16;

/// An open response.
pub(crate) struct Stream {
    pub(crate) status: u16,
    lines: BufReader<TcpStream>,
}

/// One event, or an id alone.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Stream {
    pub(crate) fn open(address: SocketAddr, last_event_id: Option<&str>) -> Self {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let last = last_event_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let port = address.port();
        write!(connection, "GET /api/v1/events HTTP/1.1\r\nHost: localhost:{port}\r\n{last}\r\n").unwrap();
        let mut lines = BufReader::new(connection);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, lines }
    }

    /// Returns the next event, without comments and `scope` events; `None` at the end of the response.
    pub(crate) fn next(&mut self) -> Option<Told> {
        loop {
            let told = self.any()?;
            let is_comment = told.name.is_empty() && told.id.is_empty();
            if told.name != "scope" && !is_comment {
                return Some(told);
            }
        }
    }

    /// Returns the next event of any kind.
    pub(crate) fn any(&mut self) -> Option<Told> {
        let mut told = Told::default();
        for line in self.chunk()?.lines() {
            match line.split_once(": ") {
                Some(("id", id)) => id.clone_into(&mut told.id),
                Some(("event", name)) => name.clone_into(&mut told.name),
                Some(("data", data)) => told.data = serde_json::from_str(data).unwrap(),
                _ => {}
            }
        }
        Some(told)
    }

    /// Reads one chunk; each event is sent as a chunk of its own.
    fn chunk(&mut self) -> Option<String> {
        let mut size = String::new();
        self.lines.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut text = vec![0; size + 2];
        self.lines.read_exact(&mut text).unwrap();
        text.truncate(size);
        (size > 0).then(|| String::from_utf8(text).unwrap())
    }
}

fn configuration_events_carry_keys_and_reasons_not_values(kind: &Kind) {
    let mount = Mount::of(kind, &[KEY, ("config/LOG_LEVEL", "error")]);
    let service = Service::mounted(kind, &mount);
    let mut stream = Stream::open(service.operator, None);
    assert_eq!(stream.status, 200);
    assert_eq!(stream.next().unwrap().data, Value::Null);

    mount.swap(&[("secrets/SECRET_KEY", "canary-key-2b8d41"), ("config/LOG_LEVEL", "info")]);
    let told = stream.next().unwrap();
    assert_eq!(told.name, "committed");
    assert_eq!(
        (&told.data["generation"], &told.data["keys"]),
        (&json!(2), &json!(["LOG_LEVEL", "SECRET_KEY"]))
    );
    assert!(!told.data.to_string().contains("canary"));

    mount.swap(&[KEY, ("config/LOG_LEVEL", "loud")]);
    let told = stream.next().unwrap();
    assert_eq!((told.name.as_str(), &told.data["retrying"]), ("rejected", &json!(false)));
    assert!(told.data["reasons"][0].as_str().unwrap().starts_with("LOG_LEVEL: must be"), "{told:?}");
    assert!(told.data["at"].as_str().unwrap().ends_with('Z'));

    mount.swap(&[("secrets/SECRET_KEY", "canary-key-2b8d41"), ("config/LOG_LEVEL", "info")]);
    assert_eq!(stream.next().unwrap().name, "restored");
}

fn client_reconnecting_to_same_process_misses_nothing(kind: &Kind) {
    let mount = Mount::of(kind, &[KEY]);
    let service = Service::mounted(kind, &mount);
    let begin = Stream::open(service.operator, None).next().unwrap().id;
    for (level, generation) in [("info", 2), ("debug", 3)] {
        mount.swap(&[KEY, ("config/LOG_LEVEL", level)]);
        until(
            DEADLINE,
            "in force",
            || get(service.admin, "/digests").json(),
            |seen| seen["generation"] == generation,
        );
    }
    let mut again = Stream::open(service.operator, Some(&begin));
    assert_eq!(again.next().unwrap().id, begin);
    let (first, second) = (again.next().unwrap(), again.next().unwrap());
    assert_eq!((&first.data["generation"], &second.data["generation"]), (&json!(2), &json!(3)));
    let mut later = Stream::open(service.operator, Some(&first.id));
    assert_eq!(later.next().unwrap().name, "");
    assert_eq!(later.next().unwrap().id, second.id);

    let other = Service::start(kind, &[], &[]);
    assert_eq!(Stream::open(other.operator, Some(&second.id)).next().unwrap().name, "reset");
}

fn event_readers_are_bounded_and_slots_reused(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    let mut open: Vec<_> = (0..READERS).map(|_| Stream::open(service.operator, None)).collect();
    assert!(open.iter().all(|stream| stream.status == 200));
    let refused = get(service.operator, "/api/v1/events");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    open.pop();
    until(DEADLINE, "free", || Stream::open(service.operator, None).status, |status| *status == 200);
}

fn a_stop_ends_the_stream_in_good_order(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    let mut stream = Stream::open(service.operator, None);
    assert!(stream.next().is_some());
    let stopped = std::thread::spawn(move || drop(service));
    assert!(stream.next().is_none());
    stopped.join().unwrap();
}
