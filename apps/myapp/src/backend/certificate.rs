//! Explanations of rejected server certificates: cause and remedy.

/// Returns the explanation for a reason code.
pub(super) fn sentence(code: &str) -> Option<&'static str> {
    Some(match code {
        "tls_not_offered" => "the server offers no TLS, and sslmode asks for it",
        "certificate_without_names" => {
            "the server's certificate has no subjectAltName: make one that names the host there"
        }
        "certificate_other_host" => "the server's certificate is for another host than the URL names",
        "certificate_expired" => "the server's certificate has expired",
        "certificate_not_yet_valid" => "the server's certificate is not valid yet: look at both clocks",
        "certificate_unknown_issuer" => {
            "the server's certificate is from no authority that is trusted here: name its file as sslrootcert"
        }
        "certificate_is_authority" => {
            "the server's certificate is its own authority (CA:TRUE): let an authority sign one for the server"
        }
        "certificate_version" => {
            "the server's certificate is X.509 v1: make one of version 3 with a subjectAltName"
        }
        "certificate_other_purpose" => {
            "the server's certificate is not meant for servers (extended key usage)"
        }
        "certificate_refused" => "the server's certificate is refused",
        "sslrootcert_missing" => "the file named by sslrootcert is missing",
        "sslrootcert_unreadable" => "the file named by sslrootcert cannot be read",
        "sslrootcert_invalid" => {
            "the file named by sslrootcert holds no certificate in PEM, or a damaged one"
        }
        _ => return None,
    })
}
