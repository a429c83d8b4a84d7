use axum::Router;
use chassis::telemetry::Telemetry;
use chassis::{Builder, DrainArgs, Health, LimitArgs, Listener};
use tokio::net::TcpListener;

use crate::client::{Client, get};
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
async fn a_burst_of_connections_waits_in_the_kernel_and_is_served() {
    let server = Server::start(at_once(), LimitArgs::default()).await;
    let burst: Vec<_> = (0..1000).map(|_| Client::connect_blocking(server.public)).collect();
    assert_eq!(get(server.public, "/").await.status, 200);
    for mut client in burst {
        assert_eq!(client.get("/").await.status, 200);
    }
}
