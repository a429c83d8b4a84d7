//! States of a connection, the transitions between them, and the deadline of each.

use std::time::Duration;

use super::eviction::EvictionRank;
use crate::limits::LimitArgs;
use crate::server::record::reasons::CloseReason;

/// Time for a client to notice that nobody reads the rest of its upload.
pub(crate) const LINGER_TIME: Duration = Duration::from_secs(1);

/// Nanoseconds since the connection was accepted.
pub(crate) type Age = u64;

/// State of a connection. A method per event returns the next state; no other transition exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// No byte has been received since the connection was accepted.
    New,
    /// Like [`State::New`], while the server stops accepting: the first byte must arrive until this age.
    LastChance { until: Age },
    /// No byte of a further request has been received.
    Idle { since: Age },
    /// The first bytes of a request header have been received during this poll. Mostly they are the whole header, and then
    /// the clock is never read for their time.
    HeaderArrived,
    /// A part of a request header has been received.
    Header { since: Age },
    /// The header is complete, the response is not. The handler has its own deadline; a body that is still being read after
    /// it, by a response that has begun, has one here.
    Request,
    /// A response from memory is being sent to a client that reads slowly.
    Sending { complete: Age },
    /// The response is sent and the connection is closed for writing, while the client still sends a body that nobody reads.
    Lingering { since: Age },
}

impl State {
    /// Bits of a packed state that hold its kind.
    const KIND_BITS: u32 = 3;

    /// Maximum age, so that the sum of an age and a timeout does not overflow: 36 years.
    const MAX_AGE: Age = Age::MAX >> (Self::KIND_BITS + 1);

    /// Converts a duration to an age, limited so that ages and timeouts can be added.
    pub(crate) fn age(time: Duration) -> Age {
        Age::try_from(time.as_nanos()).map_or(Self::MAX_AGE, |nanos| nanos.min(Self::MAX_AGE))
    }

    /// Bytes were received. Within a request they belong to its body.
    #[must_use]
    pub(crate) const fn on_bytes(self) -> Self {
        match self {
            Self::New | Self::LastChance { .. } | Self::Idle { .. } => Self::HeaderArrived,
            Self::HeaderArrived
            | Self::Header { .. }
            | Self::Request
            | Self::Sending { .. }
            | Self::Lingering { .. } => self,
        }
    }

    /// The deadline of a header that did not arrive whole begins.
    #[must_use]
    pub(crate) const fn on_partial_header(self, now: Age) -> Self {
        if let Self::HeaderArrived = self { Self::Header { since: now } } else { self }
    }

    /// All bytes so far were sent: a response from memory is complete.
    #[must_use]
    pub(crate) const fn on_flush(self) -> Self {
        if let Self::Sending { complete } = self { Self::Idle { since: complete } } else { self }
    }

    /// The connection was closed for writing while its client still sends.
    #[must_use]
    pub(crate) const fn on_linger(self, now: Age) -> Self {
        if let Self::Lingering { .. } = self { self } else { Self::Lingering { since: now } }
    }

    /// The server stops accepting. A connection that has not sent a byte gets a last chance until this age.
    #[must_use]
    pub(crate) const fn on_stop(self, until: Age) -> Self {
        if let Self::New = self { Self::LastChance { until } } else { self }
    }

    /// True while a request has no complete response.
    pub(crate) const fn has_request(self) -> bool {
        matches!(self, Self::Request | Self::Sending { .. })
    }

    /// True if a request must be expected although the server stops accepting.
    pub(crate) const fn expects_request(self) -> bool {
        matches!(self, Self::LastChance { .. } | Self::HeaderArrived | Self::Header { .. })
    }

    /// Deadline of this state, and the reason for which the connection is closed at it. `upload_since` is the age at which
    /// the body that is being read began.
    pub(crate) fn deadline(
        self,
        limits: &LimitArgs,
        upload_since: Option<Age>,
    ) -> Option<(Age, CloseReason)> {
        let after = |since: Age, time: Duration| since + Self::age(time);
        match self {
            Self::New => Some((after(0, limits.idle_time), CloseReason::Idle)),
            Self::Idle { since } => Some((after(since, limits.idle_time), CloseReason::Idle)),
            Self::LastChance { until } => Some((until, CloseReason::Idle)),
            Self::HeaderArrived => None,
            Self::Header { since } => Some((after(since, limits.header_time), CloseReason::HeaderTimeout)),
            // Later than the handler's own deadline: its 503 tells the client more than a closed connection.
            Self::Request => upload_since.map(|since| {
                let time = limits.handler_time.saturating_add(LINGER_TIME);
                (after(since, time), CloseReason::BodyTimeout)
            }),
            // A blocked write has a deadline of its own.
            Self::Sending { .. } => None,
            Self::Lingering { since } => Some((after(since, LINGER_TIME), CloseReason::Linger)),
        }
    }

    /// Rank and age of a connection that may be evicted; `None` while a request is in flight or may have arrived.
    pub(crate) const fn evictable(self) -> Option<(EvictionRank, Age)> {
        match self {
            Self::New => Some((EvictionRank::Idle, 0)),
            Self::Idle { since } => Some((EvictionRank::Idle, since)),
            Self::Lingering { since } => Some((EvictionRank::Lingering, since)),
            Self::Header { since } => Some((EvictionRank::Header, since)),
            Self::LastChance { .. } | Self::HeaderArrived | Self::Request | Self::Sending { .. } => None,
        }
    }

    /// State as one word, so that one atomic holds it: three bits for the kind, the others for nanoseconds of 73 years.
    pub(crate) const fn pack(self) -> u64 {
        let (kind, age) = match self {
            Self::New => (0, 0),
            Self::LastChance { until } => (1, until),
            Self::Idle { since } => (2, since),
            Self::HeaderArrived => (3, 0),
            Self::Header { since } => (4, since),
            Self::Request => (5, 0),
            Self::Sending { complete } => (6, complete),
            Self::Lingering { since } => (7, since),
        };
        age << Self::KIND_BITS | kind
    }

    /// Inverse of [`State::pack`].
    pub(crate) const fn unpack(word: u64) -> Self {
        let age = word >> Self::KIND_BITS;
        match word & 0b111 {
            0 => Self::New,
            1 => Self::LastChance { until: age },
            2 => Self::Idle { since: age },
            3 => Self::HeaderArrived,
            4 => Self::Header { since: age },
            5 => Self::Request,
            6 => Self::Sending { complete: age },
            _ => Self::Lingering { since: age },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State::{self, Header, HeaderArrived, Idle, LastChance, Lingering, New, Request, Sending};

    const ALL: [State; 8] = [
        New,
        LastChance { until: 1 },
        Idle { since: 2 },
        HeaderArrived,
        Header { since: 3 },
        Request,
        Sending { complete: 4 },
        Lingering { since: 5 },
    ];

    #[test]
    fn packed_state_is_unpacked_unchanged() {
        for state in ALL {
            assert_eq!(State::unpack(state.pack()), state);
        }
        let long = Idle { since: 75_000_000_000 };
        assert_eq!(State::unpack(long.pack()), long);
    }

    #[test]
    fn each_event_has_its_transitions() {
        let changed = |event: fn(State) -> State| {
            ALL.into_iter().map(move |state| (state, event(state))).filter(|(before, after)| before != after)
        };
        let bytes: Vec<_> = changed(State::on_bytes).collect();
        let from = [New, LastChance { until: 1 }, Idle { since: 2 }];
        assert_eq!(bytes, from.map(|state| (state, HeaderArrived)));
        let partial: Vec<_> = changed(|state| state.on_partial_header(9)).collect();
        assert_eq!(partial, [(HeaderArrived, Header { since: 9 })]);
        let flushed: Vec<_> = changed(State::on_flush).collect();
        assert_eq!(flushed, [(Sending { complete: 4 }, Idle { since: 4 })]);
        let stopped: Vec<_> = changed(|state| state.on_stop(9)).collect();
        assert_eq!(stopped, [(New, LastChance { until: 9 })]);
        assert_eq!(changed(|state| state.on_linger(9)).count(), 7, "all but one that lingers already");
    }
}
