use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::Command;

use axum::Router;
use chassis::telemetry::Telemetry;
use chassis::{Builder, DrainArgs, Health, LimitArgs, Listener, probes, shutdown};
use test_support::http::raw::{Client, get};
use tokio::net::TcpListener;

use crate::harness::{LOOPBACK, Server, at_once};

#[tokio::test]
async fn every_taken_port_is_reported_with_its_listener() {
    let holders = [TcpListener::bind(LOOPBACK).await.unwrap(), TcpListener::bind(LOOPBACK).await.unwrap()];
    let [first, second] = holders.each_ref().map(|holder| holder.local_addr().unwrap());
    let errors =
        Builder::new(DrainArgs::default(), LimitArgs::default(), Health::new(), Telemetry::silent().unwrap())
            .listener(Listener::traffic("public", first, Router::new()))
            .listener(Listener::internal("free", LOOPBACK, Router::new()))
            .listener(Listener::internal("admin", second, Router::new()))
            .bind()
            .await
            .unwrap_err();
    let advice = "the port is taken: stop the process that holds it, or choose another address";
    assert_eq!(
        errors.to_string(),
        format!(
            "listener public: cannot bind {first}: {advice}\nlistener admin: cannot bind {second}: {advice}"
        )
    );
    assert_eq!(errors.iter().map(|error| error.name).collect::<Vec<_>>(), ["public", "admin"]);
}

/// `connect` returns before the server has accepted, so nothing in this runtime accepts during the loop.
#[tokio::test]
async fn burst_of_connections_is_served() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    let burst: Vec<_> = (0..1000).map(|_| Client::connect_blocking(server.public)).collect();
    assert_eq!(get(server.public, "/").await.status, 200);
    for mut client in burst {
        assert_eq!(client.get("/").await.status, 200);
    }
}

/// A server on one address, which answers `/livez`.
async fn serving(address: &str) -> SocketAddr {
    let health = Health::new();
    let bound = Builder::new(
        DrainArgs::default(),
        LimitArgs::default(),
        health.clone(),
        Telemetry::silent().unwrap(),
    )
    .listener(Listener::internal("admin", address.parse().unwrap(), probes::router(health.clone())))
    .bind()
    .await
    .unwrap();
    let address = bound.address("admin").unwrap();
    let (trigger, signals) = shutdown::channel();
    tokio::spawn(async move {
        let _trigger = trigger;
        bound.serve(signals).await
    });
    address
}

async fn is_answered_on_both_loopbacks() {
    let port = serving("[::]:0").await.port();
    for ip in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
        assert_eq!(get(SocketAddr::new(ip, port), "/livez").await.status, 200, "{ip}");
    }
}

#[tokio::test]
async fn both_families_are_served() {
    is_answered_on_both_loopbacks().await;
}

/// Run by the test below in a separate network namespace.
#[tokio::test]
#[ignore = "another test runs it where IPv6 sockets are for IPv6 alone by default"]
async fn both_loopbacks_in_a_network_of_its_own() {
    assert_eq!(std::fs::read_to_string("/proc/sys/net/ipv6/bindv6only").unwrap().trim(), "1");
    is_answered_on_both_loopbacks().await;
}

#[test]
fn both_families_are_served_on_any_node() {
    let script = "ip link set lo up && echo 1 > /proc/sys/net/ipv6/bindv6only && exec \"$0\" \"$@\"";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "bind::both_loopbacks_in_a_network_of_its_own"])
        .output()
        .unwrap();
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}
