use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{give_to_user, run};

/// The trusted authority, a file in the server's folder.
pub(crate) const AUTHORITY: &str = "ca.pem";
pub(crate) const CERTIFICATE: &str = "server.pem";
pub(crate) const KEY: &str = "server.key";

/// Fault of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has no subjectAltName.
    NoNames,
    /// It is its own authority, as the manual of PostgreSQL makes it.
    OwnAuthority,
    /// It is of X.509 version 1.
    VersionOne,
    /// It has expired.
    Expired,
    /// Its validity has not begun.
    NotYetValid,
    /// It is for another host.
    OtherHost,
    /// It is for clients.
    OtherPurpose,
    /// Its issuer is not the returned authority.
    UnknownIssuer,
}

/// Replaces the server's certificate; returns the authority that clients may trust.
pub(crate) fn make_with(folder: &Path, host: &str, fault: Fault) -> PathBuf {
    let openssl = |arguments: &str| {
        run(Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder));
    };
    let names = format!("subjectAltName=DNS:{host}\n");
    let extensions = match fault {
        Fault::NoNames => "basicConstraints=CA:FALSE\n".to_owned(),
        Fault::OtherHost => "subjectAltName=DNS:other.example\n".to_owned(),
        Fault::OtherPurpose => format!("{names}extendedKeyUsage=clientAuth\n"),
        Fault::OwnAuthority
        | Fault::VersionOne
        | Fault::Expired
        | Fault::NotYetValid
        | Fault::UnknownIssuer => names,
    };
    fs::write(folder.join("names"), extensions).unwrap();
    let sign = format!("-CA {AUTHORITY} -CAkey ca.key -CAcreateserial");
    match fault {
        Fault::OwnAuthority => openssl(&format!(
            "req -x509 -key {KEY} -out {CERTIFICATE} -subj /CN={host} -addext subjectAltName=DNS:{host} -days 2"
        )),
        Fault::VersionOne => {
            openssl(&format!("x509 -req -in server.csr {sign} -days 2 -out {CERTIFICATE}"));
        }
        Fault::Expired => sign_within(folder, "20200101000000Z", "20200102000000Z"),
        Fault::NotYetValid => sign_within(folder, "20900101000000Z", "20900102000000Z"),
        Fault::UnknownIssuer => {
            let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
            openssl(&format!("req -x509 {key} -keyout other.key -out other.pem -subj /CN=other -days 2"));
            let sign = "-CA other.pem -CAkey other.key -CAcreateserial -extfile names";
            openssl(&format!("x509 -req -in server.csr {sign} -days 2 -out {CERTIFICATE}"));
        }
        Fault::NoNames | Fault::OtherHost | Fault::OtherPurpose => {
            openssl(&format!("x509 -req -in server.csr {sign} -extfile names -days 2 -out {CERTIFICATE}"));
        }
    }
    let own = folder.join("own.pem");
    if fault == Fault::OwnAuthority {
        fs::copy(folder.join(CERTIFICATE), &own).unwrap();
        return own;
    }
    folder.join(AUTHORITY)
}

/// Signs for a time that is not now, which only this command does.
fn sign_within(folder: &Path, start: &str, end: &str) {
    fs::write(folder.join("index.txt"), "").unwrap();
    let config = "[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\n\
        default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n";
    fs::write(folder.join("ca.cnf"), config).unwrap();
    let dates = ["-startdate", start, "-enddate", end];
    let mut command = Command::new("openssl");
    command.args(["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", AUTHORITY, "-keyfile", "ca.key"]);
    command.args(["-in", "server.csr", "-extfile", "names", "-out", CERTIFICATE]).args(dates);
    run(command.current_dir(folder));
}

/// An authority, and by it a certificate for `host`.
pub(crate) fn make(folder: &Path, host: &str) {
    let openssl = |arguments: &str| {
        run(Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out {AUTHORITY} -subj /CN=authority -days 2"));
    openssl(&format!("req {key} -keyout {KEY} -out server.csr -subj /CN=database"));
    fs::write(folder.join("names"), format!("subjectAltName=DNS:{host}\n")).unwrap();
    openssl(&format!(
        "x509 -req -in server.csr -CA {AUTHORITY} -CAkey ca.key -CAcreateserial -extfile names -days 2 -out {CERTIFICATE}"
    ));
    // The server refuses a key that others may read; clients of other users read the authority.
    fs::set_permissions(folder.join(KEY), Permissions::from_mode(0o600)).unwrap();
    give_to_user(&folder.join(KEY));
    fs::set_permissions(folder.join(AUTHORITY), Permissions::from_mode(0o644)).unwrap();
}
