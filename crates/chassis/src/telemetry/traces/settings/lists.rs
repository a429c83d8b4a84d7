//! Variables of the form `key=value,key=value`, with values in percent-encoding.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::variables::Variables;

/// Headers that would change the framing of the request.
const FRAMING: [&str; 5] =
    ["content-length", "content-type", "content-encoding", "transfer-encoding", "connection"];

/// Reads the pairs. A malformed list has none, since the standard discards it whole.
pub(super) fn pairs(variables: &mut Variables<'_>, name: &str) -> Vec<(String, String)> {
    let text = variables.text(name).unwrap_or_default();
    let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
    if let Some(pairs) = members.map(pair).collect() {
        return pairs;
    }
    let form = "must be key=value pairs with commas between, values in percent-encoding";
    variables.ignore(name, format_args!("{form}; all of it is left out"));
    Vec::new()
}

fn pair(member: &str) -> Option<(String, String)> {
    let (key, value) = member.split_once('=')?;
    let decode =
        |text: &str| percent_decode_str(text.trim()).decode_utf8().ok().map(|text| text.into_owned());
    let key = decode(key).filter(|key| !key.is_empty())?;
    Some((key, decode(value)?))
}

/// Reads the headers of every batch; they are marked as sensitive, so that no debug output shows them.
pub(super) fn headers(variables: &mut Variables<'_>) -> HeaderMap {
    variables.otlp("HEADERS", |variables, name| {
        let mut headers = HeaderMap::new();
        for (index, (key, value)) in pairs(variables, name).iter().enumerate() {
            match header(key, value) {
                Some((key, value)) => {
                    headers.append(key, value);
                }
                // By its position: in a list without commas a key may be a part of a token.
                None => {
                    variables.ignore(
                        name,
                        format_args!("header {} of it cannot be sent; it is left out", index + 1),
                    );
                }
            }
        }
        headers
    })
}

fn header(key: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name =
        HeaderName::from_bytes(key.as_bytes()).ok().filter(|name| !FRAMING.contains(&name.as_str()))?;
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}
