//! A cache that this service cannot use, or that rejects commands: a reason for each, and the replica works alone.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use serde_json::json;
use test_support::Fault;
use test_support::redis::Redis;
use test_support::wait::until;

use super::Replica;
use crate::DEADLINE;

/// Runs the cases concurrently: each takes as long as three checks, mostly waiting.
fn at_once<T: Send>(cases: impl IntoIterator<Item = T>, test: impl Fn(T) + Sync) {
    let test = &test;
    thread::scope(|scope| cases.into_iter().for_each(|case| drop(scope.spawn(move || test(case)))));
}

/// A fault of the cache, and the reason that the replica reports.
type Refusal = (&'static str, fn(&Redis), &'static str);

const REFUSALS: [Refusal; 5] = [
    ("no memory", |redis| drop(redis.command(&["CONFIG", "SET", "maxmemory", "1"])), "full"),
    ("read only", |redis| drop(redis.command(&["REPLICAOF", "127.0.0.1", "1"])), "read_only"),
    (
        "a password where there was none",
        |redis| {
            redis.command(&["ACL", "SETUSER", "default", "resetpass", ">canary"]);
            redis.command(&["CLIENT", "KILL", "USER", "default"]);
        },
        "authentication",
    ),
    ("no permission", |redis| drop(redis.command(&["ACL", "SETUSER", "default", "-set"])), "permission"),
    (
        "other keys only",
        |redis| drop(redis.command(&["ACL", "SETUSER", "default", "resetkeys", "~other:*"])),
        "permission",
    ),
];

#[test]
fn cache_server_refusal_is_reported_by_reason() {
    let cases = REFUSALS.iter().flat_map(|refusal| [false, true].map(|at_start| (refusal, at_start)));
    at_once(cases, |((name, begin, reason), at_start)| {
        let redis = Redis::start(&[]);
        let url = redis.url();
        if at_start {
            begin(&redis);
        }
        let here = Replica::start(&[("config/CACHE_URL", &url)]);
        if !at_start {
            here.until_hearing();
            begin(&redis);
        }
        until(DEADLINE, name, || here.cache(), |seen| seen["up"] == false);
        assert_eq!(here.cache()["reason"], *reason, "{name}, at the start: {at_start}: {}", here.cache());
        assert!(here.is_ready(), "{name}");
    });
}

#[test]
fn loading_cache_server_is_awaited() {
    let mut redis = Redis::start(&[
        "enable-debug-command yes",
        "key-load-delay 5000",
        "loading-process-events-interval-bytes 1024",
    ]);
    let url = redis.url();
    assert_eq!(redis.command(&["DEBUG", "POPULATE", "2000"]), "OK");
    redis.command(&["SAVE"]);
    redis.stop();
    redis.restart_loading();
    let here = Replica::start(&[("config/CACHE_URL", &url)]);
    until(DEADLINE, "loading", || here.cache(), |seen| seen["reason"] == "loading");
    assert!(here.is_ready());
    here.until_hearing();
}

#[test]
fn unsuitable_cache_server_is_reported_by_reason() {
    let foreign = foreign_server();
    let clustered = Redis::start(&["cluster-enabled yes"]);
    let plain = Redis::start(&[]);
    let port = plain.address().port();
    let cases = [
        (format!("redis://{foreign}"), "protocol"),
        (clustered.url(), "clustered"),
        (format!("redis://127.0.0.1:{port}/99"), "no_database"),
        (format!("rediss://localhost:{port}"), "timeout"),
        ("redis://127.0.0.1:1".to_owned(), "refused"),
    ];
    at_once(cases, |(url, reason)| {
        let here = Replica::start(&[("config/CACHE_URL", &url)]);
        until(DEADLINE, &url, || here.cache(), |seen| seen["up"] == false);
        assert_eq!(here.cache()["reason"], reason, "{url}: {}", here.cache());
        assert!(here.is_ready());
    });
}

#[test]
fn a_certificate_is_verified() {
    let redis = Redis::start_with_tls(&[]);
    let port = redis.address().port();
    let good = Replica::start(&[("config/CACHE_URL", &redis.url())]);
    good.until_hearing();
    for (fault, code) in [
        (Fault::OtherHost, "certificate_other_host"),
        (Fault::Expired, "certificate_expired"),
        (Fault::UnknownIssuer, "certificate_unknown_issuer"),
    ] {
        let authority = redis.show_certificate_with(fault);
        let url = format!("rediss://localhost:{port}/0?sslrootcert={}", authority.display());
        let here = Replica::start(&[("config/CACHE_URL", &url)]);
        until(DEADLINE, code, || here.cache(), |seen| seen["up"] == false);
        assert_eq!((&here.cache()["reason"], &here.cache()["code"]), (&json!("certificate"), &json!(code)));
    }
}

/// Starts a server that answers every connection in HTTP.
fn foreign_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}
