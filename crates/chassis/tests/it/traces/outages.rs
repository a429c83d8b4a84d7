use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chassis::telemetry::TraceCounters;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::receiver::{Receiver, Reply};
use super::{AT_ONCE, record, traces, until};

#[tokio::test]
async fn silent_collector_delays_no_request() {
    let mut receiver = Receiver::start(&[Reply::Never]).await;
    let traces = traces(receiver.address, &[AT_ONCE, ("OTEL_BSP_MAX_QUEUE_SIZE", "1000")]);
    record(&traces, 1);
    receiver.spans(1).await;

    let begun = Instant::now();
    record(&traces, 100_000);
    // Room for a machine that is busy with something else: on a quiet one it is a hundredth of it.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let expected = TraceCounters { ended: 100_001, dropped: 99_000, ..TraceCounters::default() };
    assert_eq!(traces.counters(), expected);
}

#[tokio::test]
async fn batch_without_a_response_is_lost() {
    let mut receiver = Receiver::start(&[Reply::Never, Reply::Taken]).await;
    let traces = traces(receiver.address, &[AT_ONCE, ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")]);
    record(&traces, 3);
    until(&traces, "the loss", |counters| counters.failed == 3).await;
    record(&traces, 2);
    until(&traces, "the next batch", |counters| counters.exported == 2).await;
    assert_eq!((receiver.spans(5).await.len(), receiver.has_no_more()), (5, true));
}

#[tokio::test]
async fn batch_waits_for_a_missing_collector() {
    let address = Receiver::start(&[Reply::Taken]).await.stop().await;
    let traces = traces(address, &[AT_ONCE, ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100")]);
    record(&traces, 1000);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let mut receiver = Receiver::start_at(address, &[Reply::Taken]).await;
    assert_eq!(receiver.spans(1000).await.len(), 1000);
    until(&traces, "all to be counted", |counters| counters.exported == 1000).await;
}

#[tokio::test]
async fn a_restart_of_the_collector_loses_nothing() {
    let mut receiver = Receiver::start(&[Reply::Taken]).await;
    let traces = traces(receiver.address, &[AT_ONCE]);
    record(&traces, 1);
    receiver.spans(1).await;
    until(&traces, "the first", |counters| counters.exported == 1).await;
    let address = receiver.stop().await;
    record(&traces, 1);
    let mut receiver = Receiver::start_at(address, &[Reply::Taken]).await;
    receiver.spans(1).await;
    until(&traces, "the second", |counters| counters.exported == 2).await;
    assert!(receiver.has_no_more());
}

#[tokio::test]
async fn collector_gone_too_long_loses_the_batch() {
    let address = Receiver::start(&[Reply::Taken]).await.stop().await;
    let traces = traces(address, &[AT_ONCE, ("OTEL_BSP_EXPORT_TIMEOUT", "1000")]);
    record(&traces, 7);
    until(&traces, "the loss", |counters| counters.failed == 7).await;
    let _receiver = Receiver::start_at(address, &[Reply::Taken]).await;
    record(&traces, 1);
    until(&traces, "the next batch", |counters| counters.exported == 1).await;
}

#[tokio::test]
async fn busy_collector_decides_the_time_of_retry() {
    let busy = [502, 503, 504].map(|status| Reply::Status(status, Some("0")));
    let replies = [&busy[..], &[Reply::Status(429, Some("1")), Reply::Taken]].concat();
    let mut receiver = Receiver::start(&replies).await;
    let traces = traces(receiver.address, &[AT_ONCE]);
    let begun = Instant::now();
    record(&traces, 2);
    until(&traces, "the batch", |counters| counters.exported == 2).await;
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(receiver.spans(10).await.len(), 10);
    assert!(receiver.has_no_more());
    assert_eq!(traces.counters().failed, 0);
}

#[tokio::test]
async fn rejected_batch_is_given_up_at_once() {
    for reply in [Reply::Status(400, Some("0")), Reply::Status(301, None), Reply::Status(503, Some("3600"))] {
        let mut receiver = Receiver::start(&[reply]).await;
        let traces = traces(receiver.address, &[AT_ONCE]);
        record(&traces, 4);
        until(&traces, "the loss", |counters| counters.failed == 4).await;
        assert_eq!((receiver.spans(4).await.len(), receiver.has_no_more()), (4, true));
    }
}

#[tokio::test]
async fn partially_rejected_spans_count_as_failed() {
    let receiver = Receiver::start(&[Reply::AllBut(2)]).await;
    let traces = traces(receiver.address, &[AT_ONCE]);
    record(&traces, 5);
    until(&traces, "an answer", |counters| counters.exported > 0).await;
    let expected = TraceCounters { ended: 5, exported: 3, dropped: 0, failed: 2 };
    assert_eq!(traces.counters(), expected);
}

#[tokio::test]
async fn absurd_retry_time_loses_only_the_batch() {
    let absurd = [
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775807",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "-1",
        "1e9",
        "soon",
    ];
    for value in absurd {
        let mut receiver = Receiver::start(&[Reply::Status(503, Some(value)), Reply::Taken]).await;
        let traces = traces(receiver.address, &[AT_ONCE]);
        record(&traces, 3);
        receiver.spans(3).await;
        until(&traces, value, |counters| counters.failed + counters.exported == 3).await;
        record(&traces, 1);
        until(&traces, value, |counters| counters.failed + counters.exported == 4).await;
        assert_eq!(traces.counters().dropped, 0, "{value}");
    }
}

#[tokio::test]
async fn immediate_retry_does_not_flood_the_collector() {
    let mut receiver = Receiver::start(&[Reply::Status(503, Some("0"))]).await;
    let traces = traces(receiver.address, &[AT_ONCE, ("OTEL_BSP_EXPORT_TIMEOUT", "1000")]);
    record(&traces, 1);
    until(&traces, "the loss", |counters| counters.failed == 1).await;
    let mut n_tries = 0;
    while !receiver.has_no_more() {
        n_tries += 1;
    }
    assert!((2..=20).contains(&n_tries), "{n_tries} tries in a second");
}

/// A collector that answers each connection with these bytes, again and again as long as they are taken.
async fn babbler(head: &'static str, endless: &'static str) -> SocketAddr {
    let listener = TcpListener::bind(crate::harness::LOOPBACK).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(head.as_bytes()).await;
                while !endless.is_empty() && stream.write_all(endless.as_bytes()).await.is_ok() {}
            });
        }
    });
    address
}

#[tokio::test]
async fn no_answer_however_malformed_ends_tracing() {
    for (head, endless) in [
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\n", "X-Field: value\r\n"),
        ("HTTP/1.1 503 Busy\r\nContent-Length: 18446744073709551615\r\n\r\n", "xxxxxxxx"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "8\r\nxxxxxxxx\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "f"),
        ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", ""),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", "x"),
        ("HTTP/1.1 999 No Such Status\r\n\r\n", ""),
        ("\u{0}\u{1}\u{2}", "garbage"),
        ("", ""),
    ] {
        let variables = [AT_ONCE, ("OTEL_BSP_EXPORT_TIMEOUT", "300"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "200")];
        let traces = traces(babbler(head, endless).await, &variables);
        for n_spans in 1..=2 {
            record(&traces, 1);
            let case = format!("{head:?} {endless:?}");
            until(&traces, &case, |counters| counters.failed + counters.exported == n_spans).await;
        }
        assert_eq!(traces.counters().dropped, 0);
    }
}
