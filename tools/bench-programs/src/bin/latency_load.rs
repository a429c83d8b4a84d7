//! Asks and tells how long each answer took, for `cargo xtask bench http`.
//!
//! `latency_load ADDRESS PATH CONNECTIONS RATE SECONDS` sends GET requests over connections that it keeps, and prints one line of
//! JSON: `{"answered", "failures", "p50_us", "p99_us", "p999_us", "windows_p99_us"}`. `RATE` is
//!
//! - a number: so many requests a second, at random moments, as many independent clients would send them. The time of a request
//!   begins when it is due, not when a connection is free to send it: who waits for a slow server is counted as waiting, and what
//!   would have been asked meanwhile is asked.
//! - `full`: each connection asks again as soon as it has its answer.
//!
//! One 99th percentile of all of it would be that of the machine: something else that takes a processor for 7 ms once in 0.7 s
//! is all of it, at a steady rate. So there is one for each tenth of a second too, and whoever reads them can take their median.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{ErrorKind, Read, Write, stdout};
use std::net::{SocketAddr, TcpStream};
use std::str::FromStr;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;
use serde::Serialize;

const WINDOW: Duration = Duration::from_millis(100);
/// Not measured: caches are cold, and the server meets its connections for the first time.
const SETTLING: Duration = Duration::from_millis(300);
/// After the last request was sent; what has no answer by then has failed.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
/// More than head and body of any answer that is compared.
const MAX_RESPONSE_BYTES: usize = 16 << 10;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let mut next = |what: &'static str| args.next().ok_or(format!("name {what}"));
    let address: SocketAddr = next("the server's address")?.parse()?;
    let path = next("a path")?;
    let connections = number(&next("the number of connections")?)?;
    let pace = next("the requests a second, or `full`")?.parse()?;
    let seconds = number(&next("the seconds")?)?;

    // Else the kernel adds up to 50 µs to each wait, to wake several sleepers at once.
    rustix::thread::set_current_timer_slack(Some(std::num::NonZero::<u64>::MIN))?;
    let mut load = Load::connect(address, &path, connections)?;
    let seen = load.run(pace, Duration::from_secs(seconds))?;
    Ok(serde_json::to_writer(stdout(), &seen.summary())?)
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is no number that fits"))
}

struct Load {
    epoll: OwnedFd,
    request: Vec<u8>,
    connections: Vec<Connection>,
    /// Connections that wait for nothing; the one that has rested longest comes first.
    free: VecDeque<usize>,
}

struct Connection {
    stream: TcpStream,
    /// When the request that it waits for was due.
    due: Option<Instant>,
    /// Room for all of an answer, and how much of it has come.
    answer: Box<[u8]>,
    filled: usize,
}

impl Load {
    fn connect(address: SocketAddr, path: &str, connections: usize) -> Result<Self, Failure> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let connect = |number: usize| -> Result<Connection, Failure> {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(number as u64);
            epoll::add(&epoll, &stream, data, epoll::EventFlags::IN)?;
            Ok(Connection { stream, due: None, answer: vec![0; MAX_RESPONSE_BYTES].into(), filled: 0 })
        };
        let connections = (0..connections).map(connect).collect::<Result<Vec<_>, _>>()?;
        let free = (0..connections.len()).collect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes();
        Ok(Self { epoll, request, connections, free })
    }

    fn run(&mut self, pace: Pace, lasting: Duration) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let mut plan = Plan { pace, next: begun, end: begun + SETTLING + lasting, due: VecDeque::new() };
        let mut seen = Seen::new(begun + SETTLING);
        let mut events = Vec::with_capacity(self.connections.len());
        loop {
            let now = Instant::now();
            plan.advance(now, self.free.len());
            while let Some(&due) = plan.due.front()
                && let Some(free) = self.free.pop_front()
            {
                plan.due.pop_front();
                self.connections[free].ask(&self.request, due)?;
            }
            let unanswered = self.connections.len() - self.free.len() + plan.due.len();
            let is_over = now >= plan.end;
            if is_over && (unanswered == 0 || now >= plan.end + RESPONSE_TIMEOUT) {
                seen.failures += unanswered as u64;
                return Ok(seen);
            }
            let until = if is_over { plan.end + RESPONSE_TIMEOUT } else { plan.next.min(plan.end) };
            let timeout = Timespec::try_from(until.saturating_duration_since(now))?;
            events.clear();
            epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout))?;
            for event in &events {
                self.receive(usize::try_from(event.data.u64())?, &mut seen)?;
            }
        }
    }

    fn receive(&mut self, number: usize, seen: &mut Seen) -> Result<(), Failure> {
        let connection = &mut self.connections[number];
        let Some(status) = connection.read()? else { return Ok(()) };
        let due = connection.due.take().ok_or("an answer that nobody asked for")?;
        seen.record(due, status);
        self.free.push_back(number);
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Pace {
    /// Requests a second.
    Rate(u32),
    Full,
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "full" => Ok(Self::Full),
            rate => number(rate).map(Self::Rate),
        }
    }
}

/// When to ask.
struct Plan {
    pace: Pace,
    /// When there is something to send, unless an answer comes earlier.
    next: Instant,
    end: Instant,
    /// Requests that are to be sent, by the moment from which they count as waiting.
    due: VecDeque<Instant>,
}

impl Plan {
    /// What is due by `now`, where so many connections are free.
    fn advance(&mut self, now: Instant, free: usize) {
        match self.pace {
            Pace::Rate(rate) => {
                while self.next <= now && self.next < self.end {
                    self.due.push_back(self.next);
                    self.next += gap(rate);
                }
            }
            Pace::Full if now < self.end => {
                self.due.extend(std::iter::repeat_n(now, free));
                self.next = self.end;
            }
            Pace::Full => {}
        }
    }
}

/// Until the next of many clients that know nothing of each other.
fn gap(rate: u32) -> Duration {
    Duration::from_secs_f64(-(1.0 - fastrand::f64()).ln() / f64::from(rate))
}

impl Connection {
    /// A request fits into the buffer of a socket that is read.
    fn ask(&mut self, request: &[u8], due: Instant) -> Result<(), Failure> {
        self.due = Some(due);
        self.filled = 0;
        Ok(self.stream.write_all(request)?)
    }

    /// The status of the answer, once all of it has come.
    fn read(&mut self) -> Result<Option<u16>, Failure> {
        match self.stream.read(&mut self.answer[self.filled..]) {
            Ok(0) => {
                Err("the server closed a connection that is to be kept, or its answer is too long".into())
            }
            Ok(n_bytes) => {
                self.filled += n_bytes;
                whole(&self.answer[..self.filled])
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The status of an answer, if head and body are all there.
fn whole(answer: &[u8]) -> Result<Option<u16>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head_bytes) = head.parse(answer)? else { return Ok(None) };
    let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.ok_or("an answer without a length")?.value;
    let body_bytes: usize = number(std::str::from_utf8(length)?)?;
    Ok(head.code.filter(|_| answer.len() >= head_bytes + body_bytes))
}

struct Seen {
    measured_from: Instant,
    answered: u64,
    failures: u64,
    /// Microseconds, by the window in which the request was due.
    windows: Vec<Vec<f64>>,
}

#[derive(Serialize)]
struct Summary {
    /// From the first request on; the times are of those that were due once the server had settled.
    answered: u64,
    /// Answered with another status than 200, or not at all.
    failures: u64,
    p50_us: f64,
    p99_us: f64,
    p999_us: f64,
    windows_p99_us: Vec<f64>,
}

impl Seen {
    fn new(measured_from: Instant) -> Self {
        Self { measured_from, answered: 0, failures: 0, windows: Vec::new() }
    }

    fn record(&mut self, due: Instant, status: u16) {
        self.answered += 1;
        self.failures += u64::from(status != 200);
        let Some(into) = due.checked_duration_since(self.measured_from) else { return };
        let number = (into.as_nanos() / WINDOW.as_nanos()) as usize;
        if self.windows.len() <= number {
            self.windows.resize_with(number + 1, Vec::new);
        }
        self.windows[number].push(due.elapsed().as_secs_f64() * 1e6);
    }

    fn summary(&self) -> Summary {
        let all = sorted(self.windows.concat());
        Summary {
            answered: self.answered,
            failures: self.failures,
            p50_us: at(&all, 0.5),
            p99_us: at(&all, 0.99),
            p999_us: at(&all, 0.999),
            windows_p99_us: self.windows.iter().map(|window| at(&sorted(window.clone()), 0.99)).collect(),
        }
    }
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// Not above that share of the values; 0 if there are none.
fn at(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// Answers one connection, and holds the answer to the request of that number back for `pause`.
    fn server(held: usize, pause: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            for number in 0.. {
                if !matches!(stream.read(&mut request), Ok(1..)) {
                    return;
                }
                if number == held {
                    std::thread::sleep(pause);
                }
                stream.write_all(ANSWER).unwrap();
            }
        });
        address
    }

    #[test]
    fn requests_due_during_stall_include_wait() {
        let pause = Duration::from_millis(400);
        let mut load = Load::connect(server(300, pause), "/", 1).unwrap();
        let seen = load.run(Pace::Rate(500), Duration::from_secs(1)).unwrap();
        assert_eq!(seen.failures, 0);
        let long = |time: &&f64| **time > pause.as_secs_f64() * 1e6 / 2.0;
        let waited = seen.windows.iter().flatten().filter(long).count();
        assert!((30..300).contains(&waited), "{waited} of {}", seen.answered);
    }

    #[test]
    fn what_is_never_answered_has_failed() {
        let mut load = Load::connect(server(0, Duration::from_secs(60)), "/", 1).unwrap();
        let seen = load.run(Pace::Rate(100), Duration::from_millis(100)).unwrap();
        assert_eq!(seen.answered, 0);
        assert!(seen.failures > 10, "{}", seen.failures);
    }

    #[test]
    fn full_pace_sends_next_request_after_answer() {
        let mut load = Load::connect(server(usize::MAX, Duration::ZERO), "/", 1).unwrap();
        let lasting = Duration::from_millis(200);
        let seen = load.run(Pace::Full, lasting).unwrap();
        let measured: f64 = seen.windows.iter().flatten().sum();
        // One after the other, so that all times together are no more than the time there was.
        let most = (lasting + WINDOW).as_secs_f64() * 1e6;
        assert!(
            seen.failures == 0 && seen.answered > 50 && measured < most,
            "{} in {measured}",
            seen.answered
        );
    }

    #[test]
    fn answer_is_complete_with_its_body() {
        for part in [&ANSWER[..9], &ANSWER[..ANSWER.len() - 1]] {
            assert_eq!(whole(part).unwrap(), None);
        }
        assert_eq!(whole(ANSWER).unwrap(), Some(200));
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn latency_belongs_to_window_of_due_time() {
        let begun = Instant::now();
        let mut seen = Seen::new(begun + WINDOW);
        for due in [begun, begun + WINDOW, begun + 4 * WINDOW] {
            seen.record(due, 200);
        }
        assert_eq!((seen.answered, seen.failures), (3, 0));
        assert_eq!(seen.windows.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0, 1]);
        assert_eq!(seen.summary().windows_p99_us.len(), 4);
    }
}
