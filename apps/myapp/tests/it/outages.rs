//! An unavailable database: requests that need it are answered by 503 with `Retry-After`, all others succeed, and the recovery
//! needs no restart.

use std::net::SocketAddr;
use test_support::http::raw::blocking::get;
use test_support::wait::until;

use crate::DEADLINE;

/// Checks the responses while the database is unavailable: requests that need it are refused, all others succeed. A replica that
/// has never reached its server is not ready; one that has reached it stays ready.
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
    until(DEADLINE, "back", || get(operator, "/config"), |seen| seen.status == 200);
}
