//! Signals and calls that tell a service of a change.

use std::fs;

use test_support::wait;

use super::{PATIENCE, Service};

/// Handles SIGHUP once the file `handle` exists, and counts the signals in the file `signals`.
const CHILD: &str = r#"
import os, signal, time
def got(number, frame):
    with open("signals", "a") as file:
        file.write(open(os.environ["CONFPATH_DIR"] + "/current/config/MODE").read())
open("started", "w").close()
while not os.path.exists("handle"):
    time.sleep(0.01)
signal.signal(signal.SIGHUP, got)
while True:
    signal.pause()
"#;

fn until_signals(service: &Service, expected: &str) {
    let seen = || fs::read_to_string(service.path("signals")).unwrap_or_default();
    wait::until(PATIENCE, &format!("the signals {expected}"), seen, |seen| seen == expected);
}

#[test]
fn signal_comes_after_each_change() {
    let service = Service::new("--notify signal:HUP");
    fs::write(service.path("handle"), "").unwrap();
    let agent = service.start(&["python3", "-c", CHILD]);
    for (mode, signals) in [("b", "b"), ("c", "bc")] {
        service.set(&[("MODE", mode)]);
        until_signals(&service, signals);
    }
    agent.until_state("delivered");
}

#[test]
fn signal_waits_for_its_handler() {
    let service = Service::new("--notify signal:HUP --ack-timeout 100s");
    let agent = service.start(&["python3", "-c", CHILD]);
    wait::until_true(PATIENCE, "the child", || service.path("started").exists());
    service.set(&[("MODE", "b")]);
    service.until_current("config/MODE", "b");
    agent.until_state("applying");
    fs::write(service.path("handle"), "").unwrap();
    until_signals(&service, "b");
    agent.until_state("delivered");
}

#[test]
fn missing_handler_is_a_warning_and_ends_nothing() {
    let service = Service::new("--notify signal:HUP --ack-timeout 200ms");
    let agent = service.start(super::SLEEP);
    service.set(&[("MODE", "b")]);
    agent.until_logged("CMD could not be notified");
    agent.until_state("delivered");
    assert_eq!(service.current("config/MODE").unwrap(), "b");
}
