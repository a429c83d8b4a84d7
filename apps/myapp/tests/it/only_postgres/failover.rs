//! A failover after which old sessions are silent: packets of the old server's connections are dropped without a reset.

use std::time::{Duration, Instant};
use test_support::http::raw::blocking::get;
use test_support::wait::until;

use super::load::{Load, sessions_where};
use crate::DEADLINE;
use crate::databases::shared;
use crate::proxy::Proxy;
use crate::service::Service;

/// Time limit stated in the operations manual.
const STATED: Duration = Duration::from_secs(10);

#[test]
fn thirty_silent_sessions_are_replaced_within_ten_seconds() {
    let sessions = 30;
    let database = shared().database();
    let proxy = Proxy::start(shared().address());
    let (url, limit) = (database.url_by(proxy.port()), sessions.to_string());
    let settings =
        [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", &database.password), ("MAX_CONNECTIONS", &limit)];
    let service = Service::as_told(&[], &settings, None);
    service.until_ready();
    let mut session = shared().session("postgres");
    // A lock on the table makes each unit of work need a session of its own.
    let mut holder = shared().session(&database.name);
    holder.number("BEGIN; LOCK TABLE accesses; SELECT 1");
    let load = Load::start(&service, 2 * sessions);
    let all = sessions_where(&database, "true");
    until(DEADLINE, "all sessions", || session.number(&all), |seen| *seen == sessions);
    drop(holder);
    load.end(&service);
    // The lock has delayed the checks as well.
    until(DEADLINE, "up again", || get(service.operator, "/config"), |seen| seen.status == 200);
    assert_eq!(session.number(&all), sessions);
    proxy.strand();
    let stranded = Instant::now();
    let mut first_failure = None;
    let recovered = loop {
        if get(service.operator, "/config").status == 200 {
            break Instant::now();
        }
        first_failure.get_or_insert_with(Instant::now);
        assert!(stranded.elapsed() < Duration::from_secs(120), "never back");
    };
    let outage = recovered.duration_since(first_failure.unwrap_or(stranded));
    assert!(outage < STATED, "{sessions} sessions: {outage:?}");
    // No silent session is left for later requests, however many are concurrent.
    let clean = || {
        let load = Load::start(&service, sessions);
        until(DEADLINE, "served on", || load.done(), |seen| *seen > 4 * sessions);
        load.end(&service).1
    };
    let mut failures = clean();
    while !failures.is_empty() {
        assert!(recovered.elapsed() < 2 * STATED, "{}: {:?}", failures.len(), failures.first());
        failures = clean();
    }
    println!("{sessions} silent sessions: first answer {outage:?} after the first failure");
}
