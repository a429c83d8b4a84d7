//! The smallest service: `curl localhost:8080`, `curl localhost:8081/metrics`, then Ctrl-C for a graceful shutdown.

use axum::{Router, routing::get};
use chassis::{Service, ServiceError};

#[tokio::main]
async fn main() -> Result<(), ServiceError> {
    Service::builder("hello", "1.0.0")
        .public(([127, 0, 0, 1], 8080), Router::new().route("/", get(async || "hello\n")))
        .admin(([127, 0, 0, 1], 8081), Router::new())
        .run()
        .await?;
    Ok(())
}
