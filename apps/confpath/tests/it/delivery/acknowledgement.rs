//! Acknowledgements that are missing, late or of another generation are never shown as running.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;
use test_support::wait;

use super::{Agent, PATIENCE, SLEEP, Service, free_address};

/// A way to answer a notification.
#[derive(Clone, Debug, PartialEq)]
enum Reply {
    Ok,
    /// With the digest of the notification.
    Digest,
    /// With the digest of the notification before.
    FormerDigest,
    WrongDigest,
    Twice,
    Status(u16),
    Huge,
    Hangs,
    Cut,
}

/// A server of notifications: the next reply of its list each time, then the last one again and again.
struct Server {
    address: SocketAddr,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    received: Arc<Mutex<Vec<Value>>>,
}

impl Server {
    fn start(address: SocketAddr, replies: &[Reply]) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let replies = Arc::new(Mutex::new(replies.iter().cloned().collect::<VecDeque<_>>()));
        let received = Arc::new(Mutex::new(Vec::new()));
        let server = Self { address, replies: Arc::clone(&replies), received: Arc::clone(&received) };
        // The threads end with the test.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (replies, received) = (Arc::clone(&replies), Arc::clone(&received));
                thread::spawn(move || serve(stream.unwrap(), &replies, &received));
            }
        });
        server
    }

    fn set(&self, replies: &[Reply]) {
        *self.replies.lock().unwrap() = replies.iter().cloned().collect();
    }

    fn flags(&self) -> String {
        format!("--notify http://{}/-/reload --ack response --ack-timeout 400ms", self.address)
    }

    fn received(&self) -> Vec<Value> {
        self.received.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, replies: &Mutex<VecDeque<Reply>>, received: &Mutex<Vec<Value>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let notice: Value = serde_json::from_slice(&body).unwrap();
    let reply = {
        let mut replies = replies.lock().unwrap();
        if replies.len() > 1 { replies.pop_front().unwrap() } else { replies[0].clone() }
    };
    let former = received.lock().unwrap().last().cloned();
    received.lock().unwrap().push(notice.clone());
    let digest = |notice: &Value| notice["digest"].as_str().unwrap().to_owned();
    let answer = |status: u16, body: &str| {
        format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let text = match reply {
        Reply::Ok => answer(200, "done"),
        Reply::Digest => answer(200, &digest(&notice)),
        Reply::FormerDigest => answer(200, &former.as_ref().map(digest).unwrap_or_default()),
        Reply::WrongDigest => answer(200, &"0".repeat(64)),
        Reply::Twice => answer(500, "no") + &answer(200, "yes"),
        Reply::Status(status) => answer(status, &format!("cannot reload, token {}", crate::MARKED)),
        Reply::Huge => {
            let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n");
            let block = [b'x'; 65536];
            while stream.write_all(&block).is_ok() {}
            return;
        }
        Reply::Hangs => {
            let _ = stream.read(&mut [0]);
            return;
        }
        Reply::Cut => return,
    };
    let _ = stream.write_all(text.as_bytes());
}

/// Swaps MODE to `b`, and checks that the change is taken back with a reason that has `expected`, and is never shown as running.
fn is_taken_back(reply: &Reply, expected: &str) {
    let server = Server::start("127.0.0.1:0".parse().unwrap(), &[Reply::Ok]);
    let service = Service::new(&server.flags());
    let agent = service.start(SLEEP);
    let before = agent.until_state("converged");
    server.set(std::slice::from_ref(reply));
    service.set(&[("MODE", "b")]);
    let mut present = Vec::new();
    let digests = agent.until_digests(&format!("the end of {reply:?}"), |digests| {
        present.push((digests["delivered"].clone(), digests["running"].clone()));
        digests["state"] == "rolled_back"
    });
    let changed = present.iter().filter(|(delivered, _)| *delivered != before["delivered"]);
    for (_, running) in changed {
        assert_eq!(*running, Value::Null, "{reply:?}");
    }
    let reason = digests["reasons"][0].as_str().unwrap();
    assert!(reason.starts_with("service: ") && reason.contains(expected), "{reason}");
    assert!(!reason.contains(crate::MARKED), "{reason}");
    assert_eq!(digests["retrying"], true);
    assert_eq!(service.current("config/MODE").unwrap(), "a");
    assert_eq!(digests["delivered"], before["delivered"]);
    agent.until_logged("configuration rolled back");
    // Once it can, the same configuration is tried again and holds.
    server.set(&[Reply::Digest]);
    let after = agent.until_state("converged");
    assert_eq!(after["running"], after["mounted"]);
    assert_eq!(service.current("config/MODE").unwrap(), "b");
}

#[test]
fn answers_that_are_no_acknowledgement_are_taken_back() {
    for (reply, expected) in [
        (Reply::Status(500), "answered 500: cannot reload, token ********"),
        (Reply::WrongDigest, "digest of another generation"),
        (Reply::FormerDigest, "digest of another generation"),
        (Reply::Twice, "answered 500: no"),
        (Reply::Huge, "too long"),
        (Reply::Hangs, "gave no answer within 400ms"),
        (Reply::Cut, "within 400ms"),
    ] {
        is_taken_back(&reply, expected);
    }
}

#[test]
fn late_server_is_called_until_it_acknowledges() {
    let address = free_address();
    let service = Service::new(&format!("--notify http://{address}/ --ack response --ack-timeout 200ms"));
    let agent = service.start(SLEEP);
    agent.until_logged("configuration not acknowledged");
    let digests = agent.digests();
    assert_eq!((&digests["state"], &digests["running"]), (&"delivered".into(), &Value::Null));
    assert!(!agent.is_ready());
    let server = Server::start(address, &[Reply::Digest]);
    let digests = agent.until_state("converged");
    assert_eq!(digests["running"], digests["delivered"]);
    assert!(agent.is_ready());
    assert_eq!(server.received()[0]["changed"], serde_json::json!([]));
}

#[test]
fn acknowledged_change_is_running_at_once() {
    let server = Server::start("127.0.0.1:0".parse().unwrap(), &[Reply::Digest]);
    let service = Service::new(&server.flags().replace("400ms", "100s"));
    let agent = service.start(SLEEP);
    agent.until_state("converged");
    for text in ["b", "c", "b"] {
        service.set(&[("MODE", text)]);
        service.until_current("config/MODE", text);
        agent.until_digests("the acknowledgement", |digests| {
            digests["state"] == "converged" && digests["mounted"] == digests["running"]
        });
    }
    let received = server.received();
    assert_eq!(received[1]["changed"], serde_json::json!(["MODE"]));
    let mut digests: Vec<_> = received.iter().map(|notice| notice["digest"].to_string()).collect();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 4, "each generation has its own");
}

/// A child that writes the digest of the generation into the file of acknowledgements, in a loop, as `$MODE_OF_ACK` says.
pub(super) const BY_FILE: &str = r#"
import os, time
out = os.environ["CONFPATH_DIR"]
first = last = None
while True:
    digest = open(out + "/current/digest").read()
    try:
        mode = open("mode").read()
    except FileNotFoundError:
        mode = "honest"
    first = first or digest
    told = {"honest": digest, "first": first, "none": "", "wrong": "0" * 64}[mode]
    if told != last:
        with open(out + "/ack.new", "w") as file:
            file.write(told + "\n")
        os.rename(out + "/ack.new", out + "/ack")
        last = told
    time.sleep(0.02)
"#;

fn set_mode(service: &Service, mode: &str) {
    fs::write(service.path("mode.new"), mode).unwrap();
    fs::rename(service.path("mode.new"), service.path("mode")).unwrap();
}

fn acknowledging_by_file(service: &Service) -> Agent<'_> {
    let agent = service.start(&["python3", "-c", BY_FILE]);
    agent.until_state("converged");
    agent
}

#[test]
fn digest_in_file_acknowledges_each_generation() {
    let service = Service::new("--ack file --ack-timeout 60s");
    let agent = acknowledging_by_file(&service);
    service.set(&[("MODE", "b")]);
    service.until_current("config/MODE", "b");
    agent.until_digests("the acknowledgement", |digests| digests["running"] == digests["mounted"]);
    agent.until_state("converged");
}

#[test]
fn digest_of_earlier_equal_generation_is_none() {
    let service = Service::new("--ack file --ack-timeout 2s");
    let agent = acknowledging_by_file(&service);
    service.set(&[("MODE", "b")]);
    service.until_current("config/MODE", "b");
    agent.until_digests("b in force", |digests| {
        digests["state"] == "converged" && digests["mounted"] == digests["running"]
    });
    // Back to the content of the first generation, whose digest is written once more.
    set_mode(&service, "first");
    service.set(&[]);
    let digests = agent.until_state("rolled_back");
    assert!(digests["reasons"][0].as_str().unwrap().contains("digest of another generation"), "{digests}");
    assert_eq!(digests["running"], Value::Null, "what is back in force is not acknowledged either");
    assert_eq!(service.current("config/MODE").unwrap(), "b");
    set_mode(&service, "honest");
    let digests = agent.until_state("converged");
    assert_eq!(digests["running"], digests["mounted"]);
    assert_eq!(service.current("config/MODE").unwrap(), "a");
}

#[test]
fn missing_and_wrong_files_are_taken_back() {
    for mode in ["none", "wrong"] {
        let service = Service::new("--ack file --ack-timeout 300ms");
        let agent = acknowledging_by_file(&service);
        set_mode(&service, mode);
        // The child may still be about to write an honest one.
        wait::until_true(PATIENCE, "the mode", || {
            let told = fs::read_to_string(service.path("out/ack")).unwrap_or_default();
            told.trim() != service.current("digest").unwrap_or_default()
        });
        service.set(&[("MODE", "b")]);
        let digests = agent.until_state("rolled_back");
        assert_eq!(digests["running"], Value::Null);
        assert_eq!(service.current("config/MODE").unwrap(), "a");
    }
}

#[test]
fn pipe_in_place_of_file_acknowledges_nothing() {
    let service = Service::new("--ack file --ack-timeout 200ms");
    let agent = service.start(SLEEP);
    let made = std::process::Command::new("mkfifo").arg(service.path("out/ack")).status().unwrap();
    assert!(made.success());
    agent.until_logged("configuration not acknowledged");
    assert_eq!(agent.digests()["running"], Value::Null);
}
