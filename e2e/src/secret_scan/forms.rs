//! Encoded forms of a value.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Encoding in which a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Plain,
    Base64,
    Hex,
    UrlEncoded,
    JsonEscaped,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::UrlEncoded => "URL-encoded",
            Self::JsonEscaped => "JSON-escaped",
        })
    }
}

/// Every text whose presence shows the value; none of them twice.
pub(super) fn of(value: &str) -> Vec<(Form, String)> {
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let json = json(value);
    let escaped_for_html = json.replace('<', r"\u003c").replace('>', r"\u003e").replace('&', r"\u0026");
    let mut forms = vec![
        (Form::Plain, value.to_owned()),
        (Form::Hex, hex.to_uppercase()),
        (Form::Hex, hex),
        (Form::JsonEscaped, json),
        // Default output of Go's encoder.
        (Form::JsonEscaped, escaped_for_html),
    ];
    forms.extend(url(value).map(|text| (Form::UrlEncoded, text)));
    for before in 0..3 {
        let base64 = base64(value, before);
        forms.push((Form::Base64, base64.replace('+', "-").replace('/', "_")));
        forms.push((Form::Base64, base64));
    }
    let mut texts = Vec::new();
    forms.retain(|(_, text)| {
        !texts.contains(text) && {
            texts.push(text.clone());
            true
        }
    });
    forms
}

/// The characters of base64 that depend on the value alone when `before` bytes (modulo 3) precede it: each character encodes
/// six bits, and those that share a byte with a neighbour are left out.
fn base64(value: &str, before: usize) -> String {
    const BITS: usize = 6;
    let content = [&[0; 3][..before], value.as_bytes()].concat();
    let first = (before * 8).div_ceil(BITS);
    let end = content.len() * 8 / BITS;
    STANDARD_NO_PAD.encode(content)[first..end].to_owned()
}

/// With digits in either case, and with a space as in paths and as in forms.
fn url(value: &str) -> [String; 4] {
    let encode = |lower: bool, space: &str| {
        let encode = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            b' ' => space.to_owned(),
            _ if lower => format!("%{byte:02x}"),
            _ => format!("%{byte:02X}"),
        };
        value.bytes().map(encode).collect()
    };
    [encode(false, "%20"), encode(true, "%20"), encode(false, "+"), encode(true, "+")]
}

/// The content of a JSON string, without the quotation marks around it.
fn json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
