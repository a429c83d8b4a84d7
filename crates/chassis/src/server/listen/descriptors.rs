//! Limits on connections that fit the file descriptors which the system grants.
//!
//! Without descriptors no listener can accept, not even the one for probes: clients of the public port could get the process
//! killed. So the connection limit stays below the number of descriptors.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::LimitArgs;
use crate::server::listener::Role;

/// Descriptors reserved for internal listeners, databases, files and pipes.
const RESERVE: u64 = 256;

/// Maximum number of connections of an internal listener: probes, scrapes and operators need few, and a full listener
/// closes idle ones.
const INTERNAL_CONNECTIONS: u32 = 64;

/// Maximum number of connections of each listener, by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionLimits {
    traffic: u32,
    internal: u32,
}

impl ConnectionLimits {
    pub(crate) fn for_role(self, role: Role) -> u32 {
        match role {
            Role::Traffic => self.traffic,
            Role::Internal => self.internal,
        }
    }
}

/// Raises the soft descriptor limit of the process to the hard one. Lowers the connection limit if listeners of these roles
/// would still not leave enough descriptors for the rest of the process.
pub(crate) fn fit(limits: &LimitArgs, roles: &[Role]) -> ConnectionLimits {
    let max = connection_limits(raise_soft_limit(), roles);
    let wanted = limits.connections;
    if wanted > max.traffic {
        tracing::warn!(
            target: "lifecycle",
            wanted,
            connections = max.traffic,
            "fewer connections than configured: raise the limit on open file descriptors"
        );
    }
    ConnectionLimits { traffic: wanted.min(max.traffic), internal: wanted.min(max.internal) }
}

/// Raises the soft limit and returns the number of descriptors that the process may have. Many systems start processes with
/// a soft limit of 1024 below a far higher hard limit, for the sake of programs that use `select`.
fn raise_soft_limit() -> u64 {
    let granted = getrlimit(Resource::Nofile);
    if granted.current == granted.maximum {
        return granted.current.unwrap_or(u64::MAX);
    }
    let all = Rlimit { current: granted.maximum, maximum: granted.maximum };
    let now = if setrlimit(Resource::Nofile, all).is_ok() { granted.maximum } else { granted.current };
    now.unwrap_or(u64::MAX)
}

/// Maximum for each listener; at least one, without which nothing would be served. Internal listeners share half of the
/// reserve.
fn connection_limits(descriptors: u64, roles: &[Role]) -> ConnectionLimits {
    let reserve = RESERVE.min(descriptors / 2);
    let number = |role| roles.iter().filter(|one| **one == role).count().max(1) as u64;
    let each = |total: u64, role| u32::try_from(total / number(role)).unwrap_or(u32::MAX).max(1);
    ConnectionLimits {
        traffic: each(descriptors - reserve, Role::Traffic),
        internal: each(reserve / 2, Role::Internal).min(INTERNAL_CONNECTIONS),
    }
}

#[cfg(test)]
mod tests {
    use super::Role::{Internal, Traffic};
    use super::{ConnectionLimits, connection_limits};

    fn limits(traffic: u32, internal: u32) -> ConnectionLimits {
        ConnectionLimits { traffic, internal }
    }

    #[test]
    fn reserve_remains_for_the_rest_of_the_process() {
        let roles = [Traffic, Internal, Internal];
        assert_eq!(connection_limits(u64::MAX, &roles), limits(u32::MAX, 64));
        assert_eq!(connection_limits(1024, &roles), limits(768, 64));
        assert_eq!(connection_limits(1024, &[Traffic, Traffic]), limits(384, 64));
        assert_eq!(connection_limits(64, &roles), limits(32, 8));
        assert_eq!(connection_limits(0, &[]), limits(1, 1));
    }
}
