//! AWS Signature Version 4 of a URL, for the one URL that is needed. The SDK's signer brings forty crates for this.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use std::fmt::Write as _;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Seconds for which the server takes a token; the longest it does.
const VALID: u32 = 900;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

pub(super) struct Key<'a> {
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
    pub(super) session: Option<&'a str>,
}

/// What RDS takes as the password of `user`: a signed URL without its scheme.
pub(super) fn token(
    key: &Key<'_>,
    region: &str,
    host: &str,
    port: u16,
    user: &str,
    at: SystemTime,
) -> String {
    let time = humantime::format_rfc3339_seconds(at).to_string().replace(['-', ':'], "");
    let date = &time[..8];
    let scope = format!("{date}/{region}/rds-db/aws4_request");
    // The canonical form wants them sorted by name, and so they are.
    let mut query = format!(
        "Action=connect&DBUser={}&X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={}&X-Amz-Date={time}&X-Amz-Expires={VALID}",
        encoded(user),
        encoded(&format!("{}/{scope}", key.id)),
    );
    if let Some(session) = key.session {
        query.push_str("&X-Amz-Security-Token=");
        query.push_str(&encoded(session));
    }
    query.push_str("&X-Amz-SignedHeaders=host");

    let request = format!("GET\n/\n{query}\nhost:{host}:{port}\n\nhost\n{}", hex(&Sha256::digest(b"")));
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(&Sha256::digest(request)));
    let mut signing = format!("AWS4{}", key.secret).into_bytes();
    for part in [date, region, "rds-db", "aws4_request", &to_sign] {
        signing = hmac(&signing, part);
    }
    format!("{host}:{port}/?{query}&X-Amz-Signature={}", hex(&signing))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Everything but unreserved characters (RFC 3986, 2.3) as `%XX`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            // Writing to a String cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
        encoded
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_the_one_that_the_sdk_makes() {
        // From botocore's tests/unit/test_signers.py, with the query sorted.
        let expected = "prod-instance.us-east-1.rds.amazonaws.com:3306/?Action=connect&DBUser=someusername\
            &X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=akid%2F20161107%2Fus-east-1%2Frds-db%2Faws4_request\
            &X-Amz-Date=20161107T173933Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
            &X-Amz-Signature=d1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61";
        let key = Key { id: "akid", secret: "skid", session: None };
        let at = humantime::parse_rfc3339("2016-11-07T17:39:33Z").unwrap();
        let host = "prod-instance.us-east-1.rds.amazonaws.com";
        assert_eq!(token(&key, "us-east-1", host, 3306, "someusername", at), expected);
    }

    #[test]
    fn what_a_session_token_holds_is_encoded() {
        let key = Key { id: "akid", secret: "skid", session: Some("a/b+c=") };
        let token = token(&key, "eu-west-1", "db", 5432, "app", SystemTime::UNIX_EPOCH);
        assert!(token.contains("&X-Amz-Security-Token=a%2Fb%2Bc%3D&X-Amz-SignedHeaders=host&"), "{token}");
        assert!(token.starts_with("db:5432/?Action=connect&DBUser=app&"), "{token}");
    }
}
