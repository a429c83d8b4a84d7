//! The bytes of an answer that is in memory, as hyper would write them.

use crate::digits::push_number;
use crate::server::requests::Remembered;
use crate::{clock, request_id};

/// Replaces what is in `bytes`.
pub(super) fn render(bytes: &mut Vec<u8>, remembered: &Remembered) {
    let Remembered { answer, id, at, is_last } = remembered;
    bytes.clear();
    bytes.extend_from_slice(b"HTTP/1.1 ");
    bytes.extend_from_slice(answer.status.as_str().as_bytes());
    bytes.push(b' ');
    bytes.extend_from_slice(answer.status.canonical_reason().unwrap_or_default().as_bytes());
    for (name, value) in answer.headers {
        field(bytes, name.as_str(), value.as_bytes());
    }
    field(bytes, request_id::HEADER.as_str(), id.as_bytes());
    bytes.extend_from_slice(b"\r\ncontent-length: ");
    push_number(bytes, answer.body.len() as u64);
    if *is_last {
        field(bytes, "connection", b"close");
    }
    clock::at(*at, |second, _| field(bytes, "date", &second.date));
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes.extend_from_slice(&answer.body);
}

fn field(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value);
}
