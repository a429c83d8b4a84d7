//! A dependency: unready until it was reached once, and 503 with `Retry-After` on the routes that need it while it is down.

use axum::{Router, middleware::from_fn_with_state as layer, routing::get};
use chassis::readiness::{CheckFailure, CheckResult, Class, Dependency, requires};
use chassis::{Parts, Service, ServiceError};
use tokio::net::TcpStream;

async fn check() -> CheckResult {
    let connected = TcpStream::connect("127.0.0.1:5432").await;
    connected.map(drop).map_err(|error| CheckFailure::new("cannot connect").code(&error.to_string()))
}

fn routes(parts: &Parts) -> Router {
    let todos = Router::new().route("/todos", get(async || "[]\n"));
    let database = parts.readiness.dependency("database");
    database.into_iter().fold(todos, |routes, database| routes.route_layer(layer(database, requires)))
}

#[tokio::main]
async fn main() -> Result<(), ServiceError> {
    let database = Dependency::new("database", Class::Required, check);
    let service = Service::builder("dependency", "1.0.0").depends_on(database);
    service.public_with(([127, 0, 0, 1], 8080), routes).run().await.map(drop)
}
