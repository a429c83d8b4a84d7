//! Servers whose certificate is rejected: the reason contains the cause and the remedy.

use std::path::Path;

use myapp::database::Reason;
use test_support::Fault;
use test_support::postgres::{Database, Server};

use crate::service::Service;

/// Returns the reason of a process that trusts `authority`.
fn refused(database: &Database<'_>, authority: &Path) -> (String, String) {
    let (server, _) =
        database.url().split_once("sslrootcert=").map(|(a, b)| (a.to_owned(), b.len())).unwrap();
    let url = format!("{server}sslrootcert={}", authority.display());
    let settings =
        [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", &database.password), ("SECRET_KEY", "hush")];
    let service = Service::as_told(&[], &settings, None);
    let error = service.runtime.block_on(service.store.database().check()).unwrap_err();
    assert_eq!(error.reason, Reason::Certificate, "{error}");
    (error.code.clone().unwrap(), error.to_string())
}

#[test]
fn each_refused_certificate_says_why() {
    let server = Server::start(&["fsync=off"]);
    let database = server.database();
    for (fault, code, sentence) in [
        (Fault::NoNames, "certificate_without_names", "has no subjectAltName"),
        (Fault::OwnAuthority, "certificate_is_authority", "is its own authority (CA:TRUE)"),
        (Fault::VersionOne, "certificate_version", "is X.509 v1"),
        (Fault::Expired, "certificate_expired", "has expired"),
        (Fault::NotYetValid, "certificate_not_yet_valid", "is not valid yet"),
        (Fault::OtherHost, "certificate_other_host", "is for another host"),
        (Fault::OtherPurpose, "certificate_other_purpose", "is not meant for servers"),
        (Fault::UnknownIssuer, "certificate_unknown_issuer", "is from no authority that is trusted here"),
    ] {
        let authority = server.show_certificate_with(fault);
        let (told, text) = refused(&database, &authority);
        assert_eq!(told, code, "{text}");
        assert!(text.contains(sentence), "{text}");
    }
}

#[test]
fn an_unusable_authority_file_says_why() {
    let database = crate::databases::shared().database();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (path, code) in [
        (folder.path().join("nowhere"), "sslrootcert_missing"),
        (folder.path().to_path_buf(), "sslrootcert_unreadable"),
        (file("empty", ""), "sslrootcert_invalid"),
        (file("text", "no certificate"), "sslrootcert_invalid"),
        (file("damaged", damaged), "sslrootcert_invalid"),
    ] {
        assert_eq!(refused(&database, &path).0, code, "{path:?}");
    }
}
