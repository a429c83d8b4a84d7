//! The format of the events that replicas publish to each other. Other writers may use the same server, and replicas of other
//! versions do during a rollout: a message of another format is refused, and none of its content is shown.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::feed::{EVENTS, Told};

/// Maximum length of a message, in bytes.
pub(super) const MAX_MESSAGE_BYTES: usize = 16 * 1024;
/// Maximum length of a replica's name, in bytes: that of a host name.
const MAX_NAME_LENGTH: usize = 253;
pub(super) const VERSION: u32 = 1;

#[derive(Deserialize, Serialize)]
struct Message {
    v: u32,
    /// Identifier of the sending process, by which a process recognises its own messages; names of replicas may be equal.
    origin: String,
    replica: String,
    /// Milliseconds since 1970.
    at: u64,
    event: String,
    data: Map<String, Value>,
}

/// The reason for refusing a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    TooLong,
    OtherVersion,
    Malformed,
}

impl Refused {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::OtherVersion => "other_version",
            Self::Malformed => "malformed",
        }
    }
}

/// Serialises an event; `None` if the message would be too long.
pub(super) fn write(told: &Told, origin: &str) -> Option<String> {
    let at = told.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let message = Message {
        v: VERSION,
        origin: origin.to_owned(),
        replica: told.replica.clone(),
        at: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
        event: told.event.to_owned(),
        data: told.data.clone(),
    };
    serde_json::to_string(&message).ok().filter(|text| text.len() <= MAX_MESSAGE_BYTES)
}

/// Parses a message into its event and the identifier of the sender.
pub(super) fn read(text: &[u8]) -> Result<(Told, String), Refused> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u32,
    }
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(Refused::TooLong);
    }
    let Versioned { v } = serde_json::from_slice(text).map_err(|_| Refused::Malformed)?;
    if v != VERSION {
        return Err(Refused::OtherVersion);
    }
    let message: Message = serde_json::from_slice(text).map_err(|_| Refused::Malformed)?;
    let event = EVENTS.into_iter().find(|event| *event == message.event).ok_or(Refused::Malformed)?;
    let at = UNIX_EPOCH.checked_add(Duration::from_millis(message.at)).filter(is_printable);
    let is_named = !message.replica.is_empty() && message.replica.len() <= MAX_NAME_LENGTH;
    match at {
        Some(at) if is_named => {
            Ok((Told { replica: message.replica, at, event, data: message.data }, message.origin))
        }
        _ => Err(Refused::Malformed),
    }
}

/// Returns true before the year 10000, which RFC 3339 cannot express.
fn is_printable(time: &SystemTime) -> bool {
    const YEAR_10000: u64 = 253_402_300_800;
    time.duration_since(UNIX_EPOCH).is_ok_and(|since| since.as_secs() < YEAR_10000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn message() -> Value {
        json!({ "v": 1, "origin": "b", "replica": "a", "at": 1_000, "event": "restored", "data": {} })
    }

    fn verdict(message: &Value) -> Result<(), Refused> {
        read(message.to_string().as_bytes()).map(|_| ())
    }

    #[test]
    fn only_messages_of_this_form_are_read() {
        assert_eq!(verdict(&message()), Ok(()));
        for (field, value, refused) in [
            ("v", json!(2), Refused::OtherVersion),
            ("v", json!("1"), Refused::Malformed),
            ("replica", json!(""), Refused::Malformed),
            ("replica", json!("a".repeat(254)), Refused::Malformed),
            ("at", json!(-1), Refused::Malformed),
            ("at", json!(u64::MAX), Refused::Malformed),
            ("event", json!("exploded"), Refused::Malformed),
            ("data", json!([]), Refused::Malformed),
            ("data", json!({ "reasons": ["x".repeat(MAX_MESSAGE_BYTES)] }), Refused::TooLong),
        ] {
            let mut message = message();
            message[field] = value;
            assert_eq!(verdict(&message), Err(refused), "{field}");
        }
        for text in ["", "{}", "[]", "null", "{\"v\":1}", "\u{0}"] {
            assert_eq!(read(text.as_bytes()).err(), Some(Refused::Malformed), "{text:?}");
        }
        // Later versions of the same format may add fields.
        let mut more = message();
        more["more"] = json!(true);
        assert_eq!(verdict(&more), Ok(()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(replica in "[a-z0-9-]{1,63}", at in 0..253_402_300_800_000_u64, reason in ".{0,200}") {
            let data = json!({ "reasons": [reason] });
            let told = Told {
                replica,
                at: UNIX_EPOCH + Duration::from_millis(at),
                event: "rejected",
                data: data.as_object().cloned().unwrap_or_default(),
            };
            let read = read(write(&told, "o").unwrap().as_bytes()).unwrap();
            prop_assert_eq!(read, (told, "o".to_owned()));
        }
    }
}
