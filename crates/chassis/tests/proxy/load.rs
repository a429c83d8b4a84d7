//! The clients: of each kind a few.

use std::path::Path;
use std::time::Duration;

use strict_clients::Expected::{Body, Stream};
use strict_clients::{Kind, Load, Server, Tally};

const STREAMS: &str = "streams";

const CLIENTS: [Kind; 6] = [
    quick("without pause", Duration::ZERO, 2),
    quick("every 4 s", Duration::from_secs(4), 2),
    quick("every 11 s", Duration::from_secs(11), 2),
    quick("long idle", Duration::from_secs(29), 4),
    Kind { name: "slow answers", path: "/slow", expected: Body("slow\n"), pause: Duration::ZERO, clients: 4 },
    Kind { name: STREAMS, path: "/events", expected: Stream, pause: Duration::ZERO, clients: 4 },
];

const fn quick(name: &'static str, pause: Duration, clients: usize) -> Kind {
    Kind { name, path: "/quick", expected: Body("quick\n"), pause, clients }
}

/// Starts all of them on a proxy's socket.
pub(crate) fn start(front: &Path) -> Load {
    Load::start(&Server::Unix(front.to_owned()), &CLIENTS)
}

/// Fails unless every request had its whole answer, and the stops were there to be noticed.
pub(crate) fn assert_unnoticed(tally: &Tally, n_stops: usize, proxy_keeps_clients: bool) {
    assert!(tally.failures.is_empty(), "{tally}\n{}", tally.failures.join("\n"));
    if proxy_keeps_clients {
        assert_eq!((tally.told_to_close, tally.closed_idle), (0, 0), "{tally}");
    } else {
        assert!(tally.told_to_close >= n_stops, "clients were not asked to move: {tally}");
    }
    for kind in CLIENTS {
        assert!(tally.answered(kind.name) > 0, "{}: {tally}", kind.name);
    }
    let n_streams = tally.answered(STREAMS);
    assert!(n_streams >= n_stops, "streams were on too few of the processes that stopped: {tally}");
}
