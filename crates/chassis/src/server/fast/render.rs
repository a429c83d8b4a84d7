//! Bytes of a response that is in memory, as hyper would write them.

use std::time::Instant;

use crate::clock;
use crate::digits::push_number;
use crate::request_id::{self, RequestId};
use crate::response::StaticResponse;

/// Response to a request that was answered from memory, and recorded.
pub(crate) struct PreparedResponse {
    pub(crate) response: StaticResponse,
    pub(crate) id: RequestId,
    pub(crate) at: Instant,
    /// True if the connection ends with it.
    pub(crate) is_last: bool,
}

/// Replaces the content of `bytes`.
pub(crate) fn render(bytes: &mut Vec<u8>, prepared: &PreparedResponse) {
    let PreparedResponse { response, id, at, is_last } = prepared;
    bytes.clear();
    bytes.extend_from_slice(b"HTTP/1.1 ");
    bytes.extend_from_slice(response.status.as_str().as_bytes());
    bytes.push(b' ');
    bytes.extend_from_slice(response.status.canonical_reason().unwrap_or_default().as_bytes());
    for (name, value) in response.headers {
        field(bytes, name.as_str(), value.as_bytes());
    }
    field(bytes, request_id::HEADER.as_str(), id.as_bytes());
    bytes.extend_from_slice(b"\r\ncontent-length: ");
    push_number(bytes, response.body.len() as u64);
    if *is_last {
        field(bytes, "connection", b"close");
    }
    clock::at(*at, |second, _| field(bytes, "date", &second.date));
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes.extend_from_slice(&response.body);
}

fn field(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value);
}
