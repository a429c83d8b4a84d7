//! Framing: no request reaches a route that two servers could read differently.

use crate::reference::{self, Reading};
use crate::server::{Served, Server, sent};

thread_local! {
    static SERVER: Server = Server::new(false);
}

/// Checks that the requests served are the first ones of those that a strict reader finds in the same bytes, body for body.
pub fn check(input: &[u8]) {
    let served = SERVER.with(|server| server.converse(input)).served;
    let sent = sent(input);
    let readings = reference::read(&sent);
    assert!(
        served.len() <= readings.len(),
        "served more than a strict reader finds: {served:?}\n{readings:?}"
    );
    for (number, (served, reading)) in served.iter().zip(&readings).enumerate() {
        compare(served, reading);
        assert!(number == 0 || !readings[number - 1].is_last, "served after the last request: {served:?}");
    }
}

fn compare(served: &Served, reading: &Reading) {
    assert_eq!(served.method, reading.method);
    if reading.target.starts_with('/') {
        // hyper drops a fragment, which no target may have.
        let target = reading.target.split('#').next().unwrap_or_default();
        assert_eq!(served.target, target);
        assert_eq!(served.host, reading.host);
    }
    if let Some(host) = &served.host {
        assert!(reference::is_host(host), "a host that is none: {:?}", String::from_utf8_lossy(host));
    }
    if let Some(body) = &served.body {
        assert_eq!(Some(body), reading.body.as_ref(), "{served:?}");
    }
}
