//! Flags and environment variables for limits and drain: `GREETER_LIMIT_HANDLER_TIME=1s cargo run --example flags -- --help`.

use std::{error::Error, net::SocketAddr};

use axum::{Router, routing::get};
use chassis::{DrainArgs, LimitArgs, Service, with_env_prefix};
use clap::{CommandFactory, FromArgMatches, Parser};

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    drain: DrainArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::from_arg_matches(&with_env_prefix(Args::command(), "GREETER").get_matches())?;
    let service = Service::builder("flags", "1.0.0").drain(args.drain).limits(args.limits);
    service.public(args.listen, Router::new().route("/", get(async || "hello\n"))).run().await?;
    Ok(())
}
