//! What hyper alone can do: the baseline of `cargo xtask bench http`.
//!
//! `bare_hyper ADDRESS ANSWERS`. `ANSWERS` is a JSON file, a list of `{"path", "headers", "body"}`. Nothing but those
//! answers is made: no limits, no deadlines, no routing, no telemetry, no drain. One thread, as the service has on one
//! processor.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;

#[derive(Deserialize)]
struct Given {
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// Made once; what a request takes of it are clones that copy no bytes.
struct Ready {
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let address: SocketAddr = args.next().ok_or("name an address to listen on")?.parse()?;
    let file = args.next().ok_or("name a file with the answers")?;
    let given: Vec<Given> = serde_json::from_slice(&std::fs::read(file)?)?;
    let answers = given.into_iter().map(ready).collect::<Result<Vec<_>, _>>()?;
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(accept(address, Arc::new(answers)))?;
    Ok(())
}

fn ready(given: Given) -> Result<Ready, http::Error> {
    let header = |(name, value): (String, String)| Ok((name.parse()?, value.parse()?));
    Ok(Ready {
        path: given.path,
        headers: given.headers.into_iter().map(header).collect::<Result<_, http::Error>>()?,
        body: Bytes::from(given.body),
    })
}

async fn accept(address: SocketAddr, answers: Arc<Vec<Ready>>) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream, Arc::clone(&answers)));
    }
}

async fn serve(stream: TcpStream, answers: Arc<Vec<Ready>>) {
    let service = service_fn(|request| std::future::ready(answer(&answers, &request)));
    // A client that goes away ends its connection and nothing else.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn answer(answers: &[Ready], request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::default());
    match answers.iter().find(|ready| ready.path == request.uri().path()) {
        Some(ready) => {
            response.headers_mut().extend(ready.headers.iter().cloned());
            *response.body_mut() = Full::new(ready.body.clone());
        }
        None => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    Ok(response)
}
