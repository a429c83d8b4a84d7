//! Several agents that are replicas of each other: never do two restart CMD at once.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use test_support::wait;

use super::ready::{restarting, start};
use super::{PATIENCE, Service, free_address, get};

const NAMES: [&str; 4] = ["pod-a", "pod-b", "pod-c", "pod-d"];

/// Holds the turn for a while before CMD is restarted.
const PREPARE: &str = r#"--prepare ["sleep","1"]"#;

/// Replicas that know of each other, each with the address of its CMD.
fn replicas() -> Vec<(Service, SocketAddr)> {
    let alone = NAMES.map(|name| {
        let address = free_address();
        (restarting(address, &format!("--restart-spread 0s --drain 300ms {PREPARE}")).named(name), address)
    });
    let admins: Vec<_> = alone.iter().map(|(service, _)| service.admin.to_string()).collect();
    alone.map(|(service, address)| (service.flag("--peers", admins.join(",")), address)).into()
}

/// Looks at the readiness of a replica again and again until `ended`. Returns each time during which it surely was not ready: from the
/// end of the first answer to the beginning of the last one that says so.
fn outages(admin: SocketAddr, ended: &AtomicBool) -> Vec<(Instant, Instant)> {
    let (mut outages, mut present) = (Vec::new(), None);
    while !ended.load(Ordering::Acquire) {
        let before = Instant::now();
        let is_ready = get(admin, "/readyz").0 == 200;
        present = match present {
            None if is_ready => None,
            None => Some((Instant::now(), before)),
            Some((from, _)) if !is_ready => Some((from, before)),
            Some(outage) => {
                outages.push(outage);
                None
            }
        };
    }
    outages.extend(present);
    outages
}

#[test]
fn replicas_restart_one_after_another() {
    let replicas = replicas();
    let agents: Vec<_> = replicas.iter().map(|(service, address)| start(service, *address)).collect();
    let ended = AtomicBool::new(false);
    let mut seen: Vec<_> = thread::scope(|scope| {
        let looks = replicas.iter().map(|(service, _)| scope.spawn(|| outages(service.admin, &ended)));
        let looks: Vec<_> = looks.collect();
        replicas.iter().for_each(|(service, _)| service.set(&[("PORT", "82")]));
        let is_done = || {
            let present =
                replicas.iter().all(|(service, _)| service.current("config/PORT").as_deref() == Some("82"));
            present && agents.iter().all(|agent| agent.is_ready() && agent.digests()["state"] == "delivered")
        };
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait::until_true(PATIENCE, "the change in all replicas", is_done);
        }));
        ended.store(true, Ordering::Release);
        let seen = looks.into_iter().flat_map(|look| look.join().unwrap()).collect();
        done.unwrap_or_else(|failed| std::panic::resume_unwind(failed));
        seen
    });
    assert!(seen.len() >= NAMES.len(), "each has been restarted: {seen:?}");
    seen.sort();
    for pair in seen.windows(2) {
        assert!(pair[0].1 < pair[1].0, "two replicas are not ready at the same time: {seen:?}");
    }
}

#[test]
fn change_that_fails_stops_at_one_replica() {
    let replicas = replicas();
    let agents: Vec<_> = replicas.iter().map(|(service, address)| start(service, *address)).collect();
    let starts = || -> Vec<String> {
        let starts = |service: &Service| std::fs::read_to_string(service.path("starts")).unwrap();
        replicas.iter().map(|(service, _)| starts(service).replace('\n', " ")).collect()
    };
    replicas.iter().for_each(|(service, _)| service.set(&[("PORT", "81")]));
    wait::until(
        PATIENCE,
        "one that fails and others that wait",
        || agents.iter().map(|agent| agent.digests()).collect::<Vec<_>>(),
        |all| {
            let failed = all.iter().filter(|digests| digests["state"] == "rolled_back").count();
            let wait = all.iter().filter(|digests| {
                let reason = digests["reasons"][0].as_str().unwrap_or_default();
                digests["state"] == "pending" && reason.ends_with("has taken this configuration back")
            });
            failed == 1 && wait.count() == NAMES.len() - 1
        },
    );
    wait::until_true(PATIENCE, "readiness of all", || agents.iter().all(|agent| agent.is_ready()));
    let mut seen = starts();
    seen.sort();
    assert_eq!(seen, ["80 ", "80 ", "80 ", "80 81 80 "]);
    replicas.iter().for_each(|(service, _)| service.set(&[("PORT", "82")]));
    wait::until(PATIENCE, "the corrected change", starts, |starts| {
        starts.iter().all(|starts| starts.ends_with("82 "))
    });
}

#[test]
fn replica_that_peers_do_not_see_waits() {
    let (address, other) = (free_address(), free_address());
    let stranger = restarting(other, "--restart-spread 0s --drain 0s");
    let service =
        restarting(address, "--restart-spread 0s --drain 0s").flag("--peers", stranger.admin.to_string());
    let agent = start(&service, address);
    service.set(&[("PORT", "82")]);
    let waits = "service: CMD waits for its restart: ";
    agent.until_digests("a peer that gives no answer", |digests| {
        let reason = digests["reasons"][0].as_str().unwrap_or_default();
        reason.starts_with(&format!("{waits}{}: cannot be reached", stranger.admin))
    });
    let _stranger = start(&stranger, other);
    agent.until_digests("peers that lead elsewhere", |digests| {
        digests["reasons"][0] == format!("{waits}the peers do not lead to this replica")
    });
    assert_eq!(service.current("config/PORT").unwrap(), "80");
    assert_eq!(agent.digests()["state"], "pending");
}
