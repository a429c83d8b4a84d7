//! The closed sets of reasons under which the server counts what it ends and what it refuses.

use http::StatusCode;

/// Why this side ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// No request came within the idle limit.
    Idle,
    /// A header was not complete at its deadline.
    HeaderTimeout,
    /// A body was still coming after the handler's time.
    BodyTimeout,
    /// The client left an answer unread.
    WriteStall,
    /// The client kept sending what nobody reads after its last answer.
    Linger,
    /// The listener was full, and a further connection came.
    Evicted,
    /// The listener stopped while no request was under way.
    Drain,
    /// The budget of the stop ran out.
    Cut,
}

impl Closed {
    /// In the order of the declaration, which is that of the counters.
    pub(crate) const ALL: [Self; 8] = [
        Self::Idle,
        Self::HeaderTimeout,
        Self::BodyTimeout,
        Self::WriteStall,
        Self::Linger,
        Self::Evicted,
        Self::Drain,
        Self::Cut,
    ];

    /// The reason as a metric's label and a log's field.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::HeaderTimeout => "header_timeout",
            Self::BodyTimeout => "body_timeout",
            Self::WriteStall => "write_stall",
            Self::Linger => "linger",
            Self::Evicted => "evicted",
            Self::Drain => "drain",
            Self::Cut => "cut",
        }
    }

    /// Whether a deadline of the client's ended the connection, not the stop of the server or its lack of room.
    pub(super) const fn is_deadline(self) -> bool {
        !matches!(self, Self::Evicted | Self::Drain | Self::Cut)
    }
}

/// Why the server, not a route, answered a request with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Not well-formed, or ambiguous in where it ends or whom it is for.
    BadRequest,
    /// A tunnel was asked for.
    Connect,
    /// The request target is longer than it may be.
    TargetTooLong,
    /// The header has more bytes or fields than it may.
    HeaderTooLarge,
    /// The body is longer than it may be.
    BodyTooLarge,
    /// The handler did not begin its answer in time.
    HandlerTimeout,
}

impl Refused {
    /// In the order of the declaration, which is that of the counters.
    pub(crate) const ALL: [Self; 6] = [
        Self::BadRequest,
        Self::Connect,
        Self::TargetTooLong,
        Self::HeaderTooLarge,
        Self::BodyTooLarge,
        Self::HandlerTimeout,
    ];

    /// The reason as a metric's label and a log's field.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Connect => "connect",
            Self::TargetTooLong => "target_too_long",
            Self::HeaderTooLarge => "header_too_large",
            Self::BodyTooLarge => "body_too_large",
            Self::HandlerTimeout => "handler_timeout",
        }
    }

    /// Status the refusal is answered with.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Connect => StatusCode::METHOD_NOT_ALLOWED,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::HeaderTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HandlerTimeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Closed, Refused};

    #[test]
    fn every_reason_is_listed_at_its_own_index() {
        assert!(Closed::ALL.into_iter().enumerate().all(|(index, reason)| reason as usize == index));
        assert!(Refused::ALL.into_iter().enumerate().all(|(index, reason)| reason as usize == index));
    }
}
