//! Unpacks archives, compressed files and encoded text.

use std::io::Read as _;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use serde_json::Value;

const GZIP: &[u8] = &[0x1f, 0x8b, 8];
/// First bytes of each file in a zip archive.
const ZIP: &[u8] = b"PK\x03\x04";
/// Offset and text of the magic number of a tar file.
const TAR: (usize, &[u8]) = (257, b"ustar");
/// Shorter text that looks like base64 is a word.
const MIN_BASE64_LENGTH: usize = 16;

/// The parts of `content`, each with the path to it; none if `content` is in no known format.
pub(super) fn parts(content: &[u8]) -> Vec<(String, Vec<u8>)> {
    if content.starts_with(GZIP) {
        return vec![("gzip".to_owned(), inflated(content))];
    }
    if content.get(TAR.0..).is_some_and(|rest| rest.starts_with(TAR.1)) {
        return files(content);
    }
    if content.starts_with(ZIP) {
        return zipped(content);
    }
    if let Some(decoded) = from_base64(content) {
        return vec![("base64".to_owned(), decoded)];
    }
    match serde_json::from_slice::<Value>(content) {
        // A text alone would be its own part for ever where it is quoted again and again; it ends, since each is shorter.
        Ok(value) => texts(&value),
        Err(_) => Vec::new(),
    }
}

/// Decompresses `content` up to the first fault: content after a fault was not readable for any other reader either.
fn inflated(content: &[u8]) -> Vec<u8> {
    let mut inflated = Vec::new();
    let mut decoder = MultiGzDecoder::new(content);
    // An error ends the reading; the buffer holds everything before it.
    let _ = decoder.read_to_end(&mut inflated);
    inflated
}

fn files(content: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(content);
    let Ok(entries) = archive.entries() else { return Vec::new() };
    entries
        .map_while(Result::ok)
        .map(|mut entry| {
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let mut file = Vec::new();
            let _ = entry.read_to_end(&mut file);
            (path, file)
        })
        .collect()
}

/// The deflated files of a zip archive. The files are found by their headers, not by the list at the end, and each ends by
/// itself: a writer that streams an archive, as Terraform streams its plans, knows no sizes when it writes a header. Other
/// files are stored uncompressed anyway.
fn zipped(content: &[u8]) -> Vec<(String, Vec<u8>)> {
    const DEFLATED: u16 = 8;
    const HEADER: usize = 30;
    let number = |at: usize| Some(u16::from_le_bytes([*content.get(at)?, *content.get(at + 1)?]));
    let file = |start: usize| {
        let name_end = start + HEADER + usize::from(number(start + 26)?);
        let name = String::from_utf8_lossy(content.get(start + HEADER..name_end)?).into_owned();
        let packed = content.get(name_end + usize::from(number(start + 28)?)..)?;
        let mut file = Vec::new();
        // As above: the part before a fault is the result.
        let _ = DeflateDecoder::new(packed).read_to_end(&mut file);
        (number(start + 8)? == DEFLATED).then_some((name, file))
    };
    let starts = (0..content.len()).filter(|start| content[*start..].starts_with(ZIP));
    starts.filter_map(file).collect()
}

/// Decodes base64 in either alphabet, with or without padding and line breaks.
fn from_base64(content: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = content.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if text.len() < MIN_BASE64_LENGTH {
        return None;
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    [STANDARD, URL_SAFE].iter().find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(&text).ok())
}

/// Every text in a document, keys among them, with the JSON pointer to it.
fn texts(document: &Value) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), document)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::String(text) => found.push((pointer, text.clone().into_bytes())),
            Value::Array(items) => {
                open.extend(
                    items.iter().enumerate().map(|(index, item)| (format!("{pointer}/{index}"), item)),
                );
            }
            Value::Object(members) => {
                for (key, member) in members {
                    found.push((format!("{pointer}: key"), key.clone().into_bytes()));
                    open.push((format!("{pointer}/{key}"), member));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    found
}
