use std::time::Duration;

use chassis::telemetry::{TraceCounters, TraceFlush};
use test_support::wait::within;

use crate::harness::DEADLINE;

use super::receiver::{Receiver, Reply};
use super::{NEVER, record, traces};

const PLENTY: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_waits_at_the_end_is_sent() {
    let mut receiver = Receiver::start(&[Reply::Taken]).await;
    let traces = traces(receiver.address, &[NEVER]);
    record(&traces, 1500);
    let flush = within(DEADLINE, "the flush", traces.shutdown(PLENTY)).await;
    assert_eq!(flush, TraceFlush { exported: 1500, lost: 0 });
    assert_eq!(receiver.spans(1500).await.len(), 1500);
}

#[tokio::test]
async fn flush_ends_at_its_deadline_and_reports_losses() {
    let receiver = Receiver::start(&[Reply::Taken, Reply::Never]).await;
    let patient = ["OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_BSP_EXPORT_TIMEOUT"].map(|name| (name, "600000"));
    let traces = traces(receiver.address, &[NEVER, patient[0], patient[1]]);
    record(&traces, 2000);
    let flush = within(DEADLINE, "the flush", traces.shutdown(Duration::from_secs(2))).await;
    assert_eq!(flush, TraceFlush { exported: 512, lost: 1488 });
    let expected = TraceCounters { ended: 2000, exported: 512, dropped: 1488, failed: 0 };
    assert_eq!(traces.counters(), expected);
}

#[tokio::test]
async fn collector_back_before_the_deadline_gets_the_rest() {
    let address = Receiver::start(&[Reply::Taken]).await.stop().await;
    let traces = traces(address, &[NEVER]);
    record(&traces, 10);
    let ((), flush) = tokio::join!(
        async {
            tokio::task::yield_now().await;
            Receiver::start_at(address, &[Reply::Taken]).await.spans(10).await;
        },
        traces.shutdown(PLENTY),
    );
    assert_eq!(flush, TraceFlush { exported: 10, lost: 0 });
}

#[tokio::test]
async fn a_span_after_the_end_is_dropped() {
    let receiver = Receiver::start(&[Reply::Taken]).await;
    let traces = traces(receiver.address, &[]);
    assert_eq!(traces.shutdown(PLENTY).await, TraceFlush { exported: 0, lost: 0 });
    record(&traces, 1);
    assert_eq!(traces.counters(), TraceCounters { ended: 1, dropped: 1, ..TraceCounters::default() });
    within(DEADLINE, "a second end", traces.shutdown(PLENTY)).await;
}

#[tokio::test]
async fn the_last_handle_takes_the_queue_along() {
    let mut receiver = Receiver::start(&[Reply::Taken]).await;
    let traces = traces(receiver.address, &[NEVER]);
    record(&traces, 3);
    drop(traces);
    assert_eq!(receiver.spans(3).await.len(), 3);
}
