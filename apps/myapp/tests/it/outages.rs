//! A database that does not do its part: what needs it answers 503 and when to come back, everything else goes on, and
//! nothing needs a restart once it does its part again.

use std::net::SocketAddr;

use crate::http::{get, until_true};

/// What a client sees while the database is away: all that needs it refused, and nothing else. A replica that has never
/// reached its server is not ready; one that has stays so.
pub(crate) fn is_away(public: SocketAddr, operator: SocketAddr, readiness: u16) {
    for path in ["/config", "/healthz", "/"] {
        assert_eq!(get(public, path).status, 200, "{path}");
    }
    assert_eq!(get(public, "/readyz").status, readiness);
    let refused = get(operator, "/config");
    let retry_after = refused.header("retry-after").and_then(|seconds| seconds.parse().ok());
    assert_eq!((refused.status, retry_after.is_some_and(|s: u32| (1..=20).contains(&s))), (503, true));
    assert!(!refused.body.contains("hush") && !refused.body.contains("database"), "{}", refused.body);
    assert_eq!(get(operator, "/api/v1/status").status, 200);
}

pub(crate) fn comes_back(operator: SocketAddr) {
    until_true("back", || get(operator, "/config").status == 200);
}
