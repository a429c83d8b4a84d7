use super::*;

fn feed_of(count: u64) -> Feed {
    let feed = Feed::new("here");
    (0..count).for_each(|_| feed.tell(Told::of(&Event::<()>::Restored, "here")));
    feed
}

fn mark(feed: &Feed, sequence: u64) -> Mark {
    Mark { life: feed.0.life, sequence }
}

async fn sequence(reader: &mut Reader) -> Result<u64, Lagged> {
    reader.next().await.map(|happening| happening.mark.sequence)
}

#[tokio::test]
async fn reader_receives_events_from_subscription_on() {
    let feed = feed_of(3);
    let mut reader = feed.read().unwrap();
    feed.tell(Told::of(&Event::<()>::Restored, "here"));
    assert_eq!(sequence(&mut reader).await, Ok(4));
    let (told, ()) = tokio::join!(sequence(&mut reader), async {
        tokio::task::yield_now().await;
        feed.tell(Told::of(&Event::<()>::Restored, "here"));
    });
    assert_eq!(told, Ok(5));
}

#[tokio::test]
async fn reader_resumes_only_after_kept_mark() {
    let kept = KEPT as u64;
    let feed = feed_of(kept + 10);
    for (last, known) in [(9, false), (10, true), (kept, true), (kept + 10, true), (kept + 11, false)] {
        let mut reader = feed.read().unwrap();
        assert_eq!(reader.resume(mark(&feed, last)).is_ok(), known, "{last}");
        if known && last < kept + 10 {
            assert_eq!(sequence(&mut reader).await, Ok(last + 1));
        }
    }
}

#[test]
fn a_mark_of_another_life_is_not_resumed() {
    let feed = feed_of(5);
    let other = Mark { life: 1, sequence: 3 };
    assert_eq!(feed.read().unwrap().resume(other), Err(Lagged));
}

#[tokio::test]
async fn reader_beyond_buffer_gets_lagged() {
    let feed = feed_of(0);
    let mut reader = feed.read().unwrap();
    (0..=KEPT).for_each(|_| feed.tell(Told::of(&Event::<()>::Restored, "here")));
    assert_eq!(sequence(&mut reader).await, Err(Lagged));
}

#[tokio::test]
async fn events_missed_by_feed_lag_every_reader() {
    let feed = feed_of(2);
    let mut reader = feed.read().unwrap();
    feed.0.skip(3);
    assert_eq!(sequence(&mut reader).await, Err(Lagged));
    let mut late = feed.read().unwrap();
    feed.tell(Told::of(&Event::<()>::Restored, "here"));
    assert_eq!(sequence(&mut late).await, Ok(6));
    assert_eq!(late.resume(mark(&feed, 4)), Err(Lagged));
}

#[test]
fn seats_are_given_back() {
    let feed = Feed::new("here");
    let readers: Vec<_> = (0..READERS).map(|_| feed.read().unwrap()).collect();
    assert!(feed.read().is_err());
    drop(readers);
    assert!(feed.read().is_ok());
}

#[test]
fn a_mark_is_read_as_it_was_written() {
    let mark = Mark { life: 0x18_f00d, sequence: 42 };
    assert_eq!(mark.to_string(), "18f00d-42");
    assert_eq!("18f00d-42".parse(), Ok(mark));
    for text in ["", "-", "18f00d", "18f00d-", "x-1", "18f00d-x"] {
        assert_eq!(text.parse::<Mark>(), Err(Lagged), "{text}");
    }
}
