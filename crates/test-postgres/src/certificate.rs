use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::program::{give_to_user, run};

/// Whom to trust, as a file in the server's folder.
pub(crate) const AUTHORITY: &str = "ca.pem";
pub(crate) const CERTIFICATE: &str = "server.pem";
pub(crate) const KEY: &str = "server.key";

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
