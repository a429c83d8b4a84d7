//! The clients: of each kind a few.

use std::path::Path;
use std::time::Duration;

use test_support::http::strict::Expected::{Body, Stream};
use test_support::http::strict::{Expected, Kind, Load, Server, Tally};

const STREAMS: &str = "streams";

const CLIENTS: [Kind; 7] = [
    kind("without pause", "/quick", Body("quick\n"), 0, 2),
    kind("every 4 s", "/quick", Body("quick\n"), 4, 2),
    kind("every 11 s", "/quick", Body("quick\n"), 11, 2),
    kind("long idle", "/quick", Body("quick\n"), 29, 4),
    kind("slow answers", "/slow", Body("slow\n"), 0, 4),
    kind("slower answers", "/slower", Body("slower\n"), 0, 6),
    kind(STREAMS, "/events", Stream, 0, 4),
];

const fn kind(
    name: &'static str,
    path: &'static str,
    expected: Expected,
    pause: u64,
    clients: usize,
) -> Kind {
    Kind { name, path, expected, pause: Duration::from_secs(pause), clients }
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
