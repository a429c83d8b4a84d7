//! AWS Signature Version 4 of a URL, for the two URLs in use. The SDK's signer would add forty crates.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use std::fmt::Write as _;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::backend::Audience;

/// Validity of a token in seconds: the maximum that the server accepts.
const VALID: u32 = 900;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

pub(super) struct Key<'a> {
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
    pub(super) session: Option<&'a str>,
}

/// Creates the token that `audience` accepts as the password of `user`: a signed URL without its scheme.
///
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html>,
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html>
pub(super) fn token(
    key: &Key<'_>,
    region: &str,
    audience: Audience<'_>,
    user: &str,
    at: SystemTime,
) -> String {
    let (service, authority, parameter) = match audience {
        Audience::Database { host, port } => ("rds-db", format!("{host}:{port}"), "DBUser"),
        Audience::Cache { name } => ("elasticache", name.to_owned(), "User"),
    };
    let time = humantime::format_rfc3339_seconds(at).to_string().replace(['-', ':'], "");
    let date = &time[..8];
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let credential = format!("{}/{scope}", key.id);
    let valid = VALID.to_string();
    let mut parameters = vec![
        ("Action", "connect"),
        (parameter, user),
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", &credential),
        ("X-Amz-Date", &time),
        ("X-Amz-Expires", &valid),
        ("X-Amz-SignedHeaders", "host"),
    ];
    parameters.extend(key.session.map(|session| ("X-Amz-Security-Token", session)));
    // The canonical form requires the parameters sorted by name.
    parameters.sort_unstable();
    let query: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let query = query.join("&");

    let request = format!("GET\n/\n{query}\nhost:{authority}\n\nhost\n{}", hex(&Sha256::digest(b"")));
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(&Sha256::digest(request)));
    let mut signing = format!("AWS4{}", key.secret).into_bytes();
    for part in [date, region, service, "aws4_request", &to_sign] {
        signing = hmac(&signing, part);
    }
    format!("{authority}/?{query}&X-Amz-Signature={}", hex(&signing))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC accepts a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Encodes all characters but the unreserved ones (RFC 3986, 2.3) as `%XX`.
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
    fn iam_token_matches_sdk_token() {
        // From botocore's tests/unit/test_signers.py, with the query sorted.
        let expected = "prod-instance.us-east-1.rds.amazonaws.com:3306/?Action=connect&DBUser=someusername\
            &X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=akid%2F20161107%2Fus-east-1%2Frds-db%2Faws4_request\
            &X-Amz-Date=20161107T173933Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
            &X-Amz-Signature=d1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61";
        let key = Key { id: "akid", secret: "skid", session: None };
        let at = humantime::parse_rfc3339("2016-11-07T17:39:33Z").unwrap();
        let host = "prod-instance.us-east-1.rds.amazonaws.com";
        assert_eq!(
            token(&key, "us-east-1", Audience::Database { host, port: 3306 }, "someusername", at),
            expected
        );
    }

    #[test]
    fn what_a_session_token_holds_is_encoded() {
        let key = Key { id: "akid", secret: "skid", session: Some("a/b+c=") };
        let token = token(
            &key,
            "eu-west-1",
            Audience::Database { host: "db", port: 5432 },
            "app",
            SystemTime::UNIX_EPOCH,
        );
        assert!(token.contains("&X-Amz-Security-Token=a%2Fb%2Bc%3D&X-Amz-SignedHeaders=host&"), "{token}");
        assert!(token.starts_with("db:5432/?Action=connect&DBUser=app&"), "{token}");
    }
}
