//! Cursors: only what was given out for a list, under a key, is taken, and in one spelling only.

use live_config::Secret;
use myapp::fuzzing::{cursor, cursor_again};

const LISTS: [&str; 2] = ["/api/v1/history?", "/api/v1/accesses?actor=a"];

/// Takes `input` for a cursor, and for one that was given out and altered: a position, and what is done to each byte.
pub fn check(input: &[u8]) {
    let key = |text: &str| Secret::from(text.to_owned());
    let text = String::from_utf8_lossy(input);
    for list in LISTS {
        if let Some(again) = cursor_again(&key("key"), list, &text) {
            assert_eq!(again, text, "a cursor has two spellings");
        }
    }
    let Some((position, changes)) = input.split_first_chunk() else { return };
    let given = cursor(&key("key"), LISTS[0], i64::from_be_bytes(*position));
    assert_eq!(cursor_again(&key("key"), LISTS[0], &given).as_ref(), Some(&given));
    assert_eq!(cursor_again(&key("key"), LISTS[1], &given), None);
    assert_eq!(cursor_again(&key("other"), LISTS[0], &given), None);

    let mut altered = given.clone().into_bytes();
    for (byte, change) in altered.iter_mut().zip(changes) {
        *byte ^= change;
    }
    altered.extend(changes.get(given.len()..).unwrap_or_default());
    if altered != given.as_bytes() {
        assert_eq!(cursor_again(&key("key"), LISTS[0], &String::from_utf8_lossy(&altered)), None);
    }
}
