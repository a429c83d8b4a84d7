//! Room for the connections among the descriptors that the system grants.
//!
//! Out of descriptors, no listener can accept, the one of the probes included: strangers on the public port would get the
//! process killed. So the limit on connections is kept below what there is.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::LimitArgs;

/// For internal listeners, databases, files and pipes.
const RESERVE: u64 = 256;

/// Raises the soft limit of the process to the hard one, and lowers the limit on connections if `traffic_listeners` of them
/// would still not leave enough for the rest of the process.
pub(super) fn fit(limits: LimitArgs, traffic_listeners: usize) -> LimitArgs {
    let room = room(raised(), traffic_listeners);
    if u64::from(limits.connections) <= room {
        return limits;
    }
    let connections = u32::try_from(room).unwrap_or(u32::MAX);
    tracing::warn!(
        target: "lifecycle",
        wanted = limits.connections,
        connections,
        "fewer connections than configured, since the system grants too few descriptors"
    );
    LimitArgs { connections, ..limits }
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

/// Connections that each of the listeners may have; at least one, or nothing would be served at all.
fn room(descriptors: u64, traffic_listeners: usize) -> u64 {
    let reserve = RESERVE.min(descriptors / 2);
    let listeners = u64::try_from(traffic_listeners).unwrap_or(u64::MAX).max(1);
    ((descriptors - reserve) / listeners).max(1)
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn a_reserve_stays_for_the_rest_of_the_process() {
        assert_eq!(room(1024, 1), 768);
        assert_eq!(room(1024, 2), 384);
        assert_eq!(room(64, 1), 32);
        assert_eq!(room(0, 0), 1);
    }
}
