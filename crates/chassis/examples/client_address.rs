//! The address of the client, by axum's `ConnectInfo`: `curl localhost:8080`.

use std::net::SocketAddr;

use axum::{Router, extract::ConnectInfo, routing::get};
use chassis::{Service, ServiceError};

async fn address(ConnectInfo(client): ConnectInfo<SocketAddr>) -> String {
    format!("{}\n", client.ip())
}

#[tokio::main]
async fn main() -> Result<(), ServiceError> {
    Service::builder("client_address", "1.0.0")
        .public(([127, 0, 0, 1], 8080), Router::new().route("/", get(address)))
        .admin(([127, 0, 0, 1], 8081), Router::new())
        .run()
        .await?;
    Ok(())
}
