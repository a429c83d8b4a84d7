use std::future;

use http_body_util::BodyExt as _;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::*;
use crate::feed::{Feed, KEPT};
use live_config::{Event, Reason};

/// Returns the next frame of `frames` as text.
async fn text(frames: &mut (impl Stream<Item = Frame> + Unpin)) -> Option<String> {
    let frame = timeout(Duration::from_secs(30), frames.next()).await.expect("nothing is told")?;
    let body = Sse::new(stream::iter([Ok::<_, Infallible>(frame)])).into_response().into_body();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Some(String::from_utf8(bytes.to_vec()).unwrap())
}

/// Returns a feed with `count` events.
async fn feed_of(count: usize) -> Feed {
    let feed = Feed::new("here");
    tell(&feed, count);
    feed
}

fn tell(feed: &Feed, count: usize) {
    let reason = Reason { participant: None, setting: Some("LOG_LEVEL".into()), message: "\nno".into() };
    for _ in 0..count {
        feed.add(&Event::<()>::Rejected { reasons: vec![reason.clone()], retrying: true });
    }
}

#[tokio::test]
async fn first_frame_sets_last_event_id_without_event() {
    let feed = feed_of(2).await;
    let mut frames = Box::pin(frames(feed.read().unwrap(), None));
    let first = text(&mut frames).await.unwrap();
    assert!(
        first.starts_with("id: ") && first.contains("-2\n") && first.contains("retry: 2000\n"),
        "{first}"
    );
    assert!(!first.contains("data") && !first.contains("event"), "{first}");
    tell(&feed, 1);
    let told = text(&mut frames).await.unwrap();
    assert!(told.contains("-3\n") && told.contains("event: rejected\n"), "{told}");
    let data = told.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["reasons"], json!(["LOG_LEVEL: \nno"]));
    assert!(data["at"].as_str().unwrap().starts_with("20"), "{told}");
    assert_eq!(data["replica"], "here");
}

#[tokio::test]
async fn reconnecting_client_receives_missed_events() {
    let feed = feed_of(5).await;
    let id = feed.read().unwrap().mark().to_string().replace("-5", "-3");
    let mut frames = Box::pin(frames(feed.read().unwrap(), Some(&id)));
    let mut told = String::new();
    for _ in 0..3 {
        told += &text(&mut frames).await.unwrap();
    }
    let sequences: Vec<_> = told
        .lines()
        .filter(|line| line.starts_with("id: "))
        .filter_map(|line| line.rsplit_once('-'))
        .collect();
    assert_eq!(sequences.iter().map(|(_, sequence)| *sequence).collect::<Vec<_>>(), ["3", "4", "5"]);
    assert!(!told.contains("reset"), "{told}");
}

#[tokio::test]
async fn unknown_last_event_id_gets_reset_event() {
    let feed = feed_of(KEPT + 2).await;
    let own = feed.read().unwrap().mark().to_string();
    let (life, _) = own.split_once('-').unwrap();
    for id in [&format!("{life}-1"), "1-1", "what", "\u{fffd}"] {
        let mut frames = Box::pin(frames(feed.read().unwrap(), Some(id)));
        let first = text(&mut frames).await.unwrap();
        assert!(first.contains("event: reset\n") && first.contains(&format!("id: {own}\n")), "{id}: {first}");
    }
}

#[tokio::test]
async fn lagging_reader_gets_lagged_event_and_stream_end() {
    let feed = feed_of(0).await;
    let mut frames = Box::pin(frames(feed.read().unwrap(), None));
    text(&mut frames).await.unwrap();
    tell(&feed, KEPT + 1);
    let lagged = text(&mut frames).await.unwrap();
    assert!(lagged.contains("event: lagged\n") && !lagged.contains("id: "), "{lagged}");
    assert_eq!(text(&mut frames).await, None);
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_with_comments() {
    let begun = Instant::now();
    let mut body = answer(stream::pending(), future::pending()).into_body();
    for beats in 1..=3 {
        let beat = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!((&*beat, begun.elapsed().as_secs()), (b":\n\n".as_slice(), beats * HEARTBEAT.as_secs()));
    }
}

#[tokio::test]
async fn event_stream_ends_on_close_signal() {
    let (close, closing) = oneshot::channel::<()>();
    let mut body = answer(stream::pending(), async { drop(closing.await) }).into_body();
    close.send(()).unwrap();
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn scope_event_comes_first_and_on_change() {
    let mut alone = Box::pin(scopes(None));
    assert!(text(&mut alone).await.unwrap().contains("data: {\"replicas\":\"own\"}"));
    let hears_all = watch::Sender::new(true);
    let mut told = Box::pin(scopes(Some(hears_all.subscribe())));
    assert!(text(&mut told).await.unwrap().contains("event: scope\ndata: {\"replicas\":\"all\"}"));
    for (now, word) in [(false, "own"), (true, "all")] {
        hears_all.send_replace(now);
        assert!(text(&mut told).await.unwrap().contains(word));
    }
}

#[tokio::test]
async fn the_end_of_the_events_ends_the_answer() {
    let mut all = Box::pin(both(stream::iter([Frame::default().event("a")]), scopes(None)));
    let mut count = 0;
    while text(&mut all).await.is_some() {
        count += 1;
    }
    assert!((1..=2).contains(&count), "{count}");
}
