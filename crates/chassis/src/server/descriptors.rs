//! Room for the connections among the descriptors that the system grants.
//!
//! Out of descriptors, no listener can accept, the one of the probes included: strangers on the public port would get the
//! process killed. So the limit on connections is kept below what there is.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Role;
use crate::LimitArgs;

/// For internal listeners, databases, files and pipes.
const RESERVE: u64 = 256;

/// Connections of an internal listener: probes, scrapes and operators need few, and a full listener gives up idle ones.
const INTERNAL_CONNECTIONS: u32 = 64;

/// Connections that a listener may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    traffic: u32,
    internal: u32,
}

impl Room {
    pub(super) fn of(self, role: Role) -> u32 {
        match role {
            Role::Traffic => self.traffic,
            Role::Internal => self.internal,
        }
    }
}

/// Raises the soft limit of the process to the hard one, and lowers the limit on connections if listeners of these roles would
/// still not leave enough for the rest of the process.
pub(super) fn fit(limits: &LimitArgs, roles: &[Role]) -> Room {
    let most = room(raised(), roles);
    let wanted = limits.connections;
    if wanted > most.traffic {
        tracing::warn!(
            target: "lifecycle",
            wanted,
            connections = most.traffic,
            "fewer connections than configured, since the system grants too few descriptors"
        );
    }
    Room { traffic: wanted.min(most.traffic), internal: wanted.min(most.internal) }
}

/// Descriptors that the process may have from now on. Many systems start processes with 1024 of a hard limit that is far
/// higher, for the sake of programs that use `select`.
fn raised() -> u64 {
    let granted = getrlimit(Resource::Nofile);
    if granted.current == granted.maximum {
        return granted.current.unwrap_or(u64::MAX);
    }
    let all = Rlimit { current: granted.maximum, maximum: granted.maximum };
    let now = if setrlimit(Resource::Nofile, all).is_ok() { granted.maximum } else { granted.current };
    now.unwrap_or(u64::MAX)
}

/// The most that each listener may have; at least one, or nothing would be served at all. Internal ones share half of the
/// reserve.
fn room(descriptors: u64, roles: &[Role]) -> Room {
    let reserve = RESERVE.min(descriptors / 2);
    let number = |role| roles.iter().filter(|one| **one == role).count().max(1) as u64;
    let each = |total: u64, role| u32::try_from(total / number(role)).unwrap_or(u32::MAX).max(1);
    Room {
        traffic: each(descriptors - reserve, Role::Traffic),
        internal: each(reserve / 2, Role::Internal).min(INTERNAL_CONNECTIONS),
    }
}

#[cfg(test)]
mod tests {
    use super::Role::{Internal, Traffic};
    use super::{Room, room};

    #[test]
    fn a_reserve_stays_for_the_rest_of_the_process() {
        let roles = [Traffic, Internal, Internal];
        assert_eq!(room(u64::MAX, &roles), Room { traffic: u32::MAX, internal: 64 });
        assert_eq!(room(1024, &roles), Room { traffic: 768, internal: 64 });
        assert_eq!(room(1024, &[Traffic, Traffic]), Room { traffic: 384, internal: 64 });
        assert_eq!(room(64, &roles), Room { traffic: 32, internal: 8 });
        assert_eq!(room(0, &[]), Room { traffic: 1, internal: 1 });
    }
}
