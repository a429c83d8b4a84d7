//! Readiness of a restarted CMD: the gate of a change, and the word that sends traffic elsewhere before CMD is stopped.

use std::net::{SocketAddr, TcpStream};

use serde_json::Value;
use test_support::wait;

use super::{Agent, PATIENCE, Service, free_address, get};

/// Serves with the setting PORT that it was started with, which it appends to the file `starts`: ready, but for 81.
pub(super) const SERVER: &str = r#"
import http.server, os, sys
port = open(os.environ["CONFPATH_DIR"] + "/current/config/PORT").read()
with open("starts", "a") as file:
    file.write(port + "\n")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if port == "81" else 200)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

/// A service whose CMD, at `address`, is restarted as `flags` say.
pub(super) fn restarting(address: SocketAddr, flags: &str) -> Service {
    let ready = format!("--ready http://{address}/ready --ready-timeout 3s");
    Service::new(&format!("--on-restart child {ready} {flags}"))
}

/// Starts the agent and its CMD, and waits until both are ready.
pub(super) fn start(service: &Service, address: SocketAddr) -> Agent<'_> {
    let agent = service.start(&["python3", "-c", SERVER, &address.port().to_string()]);
    wait::until_true(PATIENCE, "readiness", || agent.is_ready());
    agent
}

fn is_served(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok() && get(address, "/ready").0 == 200
}

fn seconds_left(digests: &Value) -> u64 {
    let reason = digests["reasons"][0].as_str().unwrap();
    let left = reason.strip_prefix("service: CMD restarts in ").and_then(|rest| rest.strip_suffix(" s"));
    left.unwrap_or_else(|| panic!("{reason}")).parse().unwrap()
}

#[test]
fn readiness_of_agent_is_that_of_child() {
    let address = free_address();
    let service = Service::new(&format!("--ready http://{address}/ready"));
    service.set(&[("PORT", "81")]);
    let agent = service.start(&["python3", "-c", SERVER, &address.port().to_string()]);
    wait::until_true(PATIENCE, "CMD", || TcpStream::connect(address).is_ok());
    assert!(!agent.is_ready());
    assert_eq!(agent.digests()["ready"], false);
}

#[test]
fn child_not_ready_has_change_taken_back() {
    let address = free_address();
    let service = restarting(address, "--restart-spread 0s --drain 0s");
    let agent = start(&service, address);
    service.set(&[("PORT", "81")]);
    let digests = agent.until_state("rolled_back");
    let reason = format!("service: CMD is not ready within 3s: http://{address} answered 503");
    assert_eq!(digests["reasons"], serde_json::json!([reason]));
    assert_eq!((&digests["retrying"], &digests["running"]), (&Value::from(true), &Value::Null));
    assert_eq!(service.current("config/PORT").unwrap(), "80");
    wait::until_true(PATIENCE, "the former child", || agent.is_ready());
    let starts = std::fs::read_to_string(service.path("starts")).unwrap();
    assert_eq!(starts, "80\n81\n80\n", "a restart that did not hold is not tried again at once");
    assert!(agent.get("/metrics").1.contains("config_state{state=\"rolled_back\"} 1"));
    agent.until_logged("configuration rolled back");
    service.set(&[("PORT", "82")]);
    agent.until_digests("the corrected change", |digests| digests["delivered"] == digests["mounted"]);
    wait::until_true(PATIENCE, "the corrected child", || agent.is_ready());
}

#[test]
fn traffic_is_sent_elsewhere_before_child_stops() {
    let address = free_address();
    let service = restarting(address, "--restart-spread 0s --drain 2s");
    let agent = start(&service, address);
    service.set(&[("PORT", "82")]);
    let mut drains = Vec::new();
    wait::until_true(PATIENCE, "the change", || {
        let (present, is_ready) = (service.current("config/PORT"), agent.is_ready());
        if !is_ready && present.as_deref() == Some("80") {
            drains.push(is_served(address));
        }
        is_ready && present.as_deref() == Some("82")
    });
    assert!(!drains.is_empty() && drains.iter().all(|is_served| *is_served), "{drains:?}");
}

#[test]
fn pending_restart_tells_its_moment_and_gives_way() {
    let address = free_address();
    let left = |name: &'static str| {
        let service = restarting(address, "--restart-spread 100s").named(name);
        let agent = start(&service, address);
        service.set(&[("PORT", "82")]);
        let digests = agent.until_state("pending");
        assert_eq!(digests["retrying"], true);
        agent.until_logged("CMD restarts in ");
        let seconds = seconds_left(&digests);
        agent.until_digests("a later moment", |digests| seconds_left(digests) < seconds);
        // What needs no restart is not held up.
        service.set(&[("PORT", "80"), ("MODE", "b")]);
        service.until_current("config/MODE", "b");
        agent.until_state("delivered");
        assert!(agent.get("/metrics").1.contains("config_reload_total{outcome=\"pending\"} 1"));
        seconds
    };
    let [first, again, other] = ["pod-a", "pod-a", "pod-b"].map(left);
    assert!(first.abs_diff(again) <= 5, "{first} {again}");
    assert!(first.abs_diff(other) > 5, "{first} {other}");
}
