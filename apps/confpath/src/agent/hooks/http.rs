//! Calls of a server on loopback: one connection each, so that no answer is taken for another call's.

use http::request::Builder;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::args::Endpoint;

/// Most bytes of an answer that are read.
const MAX_BODY: usize = 16 * 1024;

/// The answer of a hook.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    /// False if the body has more than is read.
    pub(super) is_whole: bool,
}

/// Posts a JSON document. The caller sets the deadline.
///
/// # Errors
/// The reason why there is no answer, as a sentence without a subject.
pub(super) async fn post(endpoint: &Endpoint, document: Vec<u8>) -> Result<Answer, String> {
    let request = Request::post(&endpoint.path).header("content-type", "application/json");
    let (response, _connection) = call(endpoint, request, document).await?;
    let status = response.status();
    let (body, is_whole) = read(response.into_body()).await.map_err(|error| broken(&error))?;
    Ok(Answer { status, body, is_whole })
}

/// Returns the status with which a server answers `GET`. The caller sets the deadline.
///
/// # Errors
/// The reason why there is no answer, as a sentence without a subject.
pub(crate) async fn get_status(endpoint: &Endpoint) -> Result<StatusCode, String> {
    let (response, _connection) = call(endpoint, Request::get(&endpoint.path), Vec::new()).await?;
    Ok(response.status())
}

/// Sends a request. The connection ends with what is returned beside the response.
async fn call(
    endpoint: &Endpoint,
    request: Builder,
    body: Vec<u8>,
) -> Result<(Response<Incoming>, JoinSet<hyper::Result<()>>), String> {
    let unreachable = |error: std::io::Error| format!("cannot be reached: {error}");
    let stream = TcpStream::connect(endpoint.address).await.map_err(unreachable)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let request = request
        .header("host", &endpoint.authority)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| format!("cannot be called: {error}"))?;
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    Ok((response, tasks))
}

fn broken(error: &hyper::Error) -> String {
    format!("gave no whole answer: {error}")
}

async fn read(mut incoming: Incoming) -> hyper::Result<(Vec<u8>, bool)> {
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        if let Ok(bytes) = frame?.into_data() {
            let room = MAX_BODY - body.len();
            body.extend_from_slice(bytes.get(..room).unwrap_or(&bytes));
            if bytes.len() > room {
                return Ok((body, false));
            }
        }
    }
    Ok((body, true))
}
