//! Everyone who works on the server at the same time, and how they end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use test_support::http::strict;
use test_support::wait::within;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use super::healthy::{self, Visitor};
use super::offenders::Offender;
use crate::harness::{DEADLINE, ms};
use crate::traces::receiver::{Receiver, Reply};

/// Number of clients of each kind, side by side.
const CLIENTS: usize = 3;

/// All clients, and the collector.
pub(super) struct Load {
    is_over: Arc<AtomicBool>,
    kept_alive: strict::Load,
    others: JoinSet<()>,
    collector: JoinHandle<Receiver>,
}

impl Load {
    pub(super) fn start(server: SocketAddr, collector: Receiver) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut others = JoinSet::new();
        for _ in 0..CLIENTS {
            for offender in Offender::ALL {
                let what = format!("{offender:?} to be dealt with");
                others.spawn(again_and_again(Arc::clone(&is_over), what, move || offender.offend(server)));
            }
            for visitor in Visitor::ALL {
                let what = format!("{visitor:?} to be served");
                others.spawn(again_and_again(Arc::clone(&is_over), what, move || visitor.visit(server)));
            }
        }
        let kept_alive = healthy::kept_alive(server);
        let collector = tokio::spawn(come_and_go(Arc::clone(&is_over), collector));
        Self { is_over, kept_alive, others, collector }
    }

    /// Fails at the first client that did not get what it must, so that a long run does not go on for nothing.
    pub(super) fn assert_running(&mut self) {
        assert!(self.others.try_join_next().is_none(), "a client has given up");
    }

    /// Ends when all have; the collector is then as it was in the beginning.
    pub(super) async fn stop(self) -> strict::Tally {
        self.is_over.store(true, Ordering::Relaxed);
        self.others.join_all().await;
        let tally = self.kept_alive.stop().await;
        // It runs on until the test ends.
        drop(self.collector.await.unwrap());
        tally
    }
}

async fn again_and_again<F: Future<Output = ()>>(
    is_over: Arc<AtomicBool>,
    what: String,
    act: impl Fn() -> F,
) {
    while !is_over.load(Ordering::Relaxed) {
        within(DEADLINE, &what, act()).await;
        // So that those who need no time leave some to the others.
        sleep(ms(50)).await;
    }
}

/// A collector that is late, busy, silent and gone, each for a while.
async fn come_and_go(is_over: Arc<AtomicBool>, mut collector: Receiver) -> Receiver {
    let moods = [Reply::Late(ms(300)), Reply::Status(503, Some("1")), Reply::Never, Reply::Taken];
    for mood in moods.into_iter().cycle() {
        sleep(ms(800)).await;
        let address = collector.stop().await;
        sleep(ms(200)).await;
        if is_over.load(Ordering::Relaxed) {
            return Receiver::start_at(address, &[Reply::Taken]).await;
        }
        collector = Receiver::start_at(address, &[mood]).await;
    }
    collector
}
