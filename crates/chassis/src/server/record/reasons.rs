//! Closed sets of reasons: labels for the connections that the server closes and the requests that it rejects.

use http::StatusCode;

/// Reason for which this side closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// No request came within the idle limit.
    Idle,
    /// A header was not complete at its deadline.
    HeaderTimeout,
    /// A body was still arriving after the handler's time.
    BodyTimeout,
    /// The client left a response unread.
    WriteStall,
    /// The client continued to send a body that nobody reads, after its last response.
    Linger,
    /// The listener was full, and a further connection arrived.
    Evicted,
    /// The listener stopped while no request was in flight.
    Drain,
    /// The time budget of the drain was used up.
    Cut,
}

impl CloseReason {
    /// All reasons in the order of their declaration, which is the order of the counters.
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

    /// Label value in metrics, and field value in log lines.
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

    /// True if a deadline of the client ended the connection, and not the drain or a full listener.
    pub(crate) const fn is_deadline(self) -> bool {
        !matches!(self, Self::Evicted | Self::Drain | Self::Cut)
    }
}

/// Reason for which the server, and not a route, answered a request with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RejectReason {
    /// The request is not well-formed, or its end or its host is ambiguous.
    BadRequest,
    /// The client asked for a tunnel.
    Connect,
    /// The request target is longer than the limit.
    TargetTooLong,
    /// The header has more bytes or fields than the limit.
    HeaderTooLarge,
    /// The body is longer than the limit.
    BodyTooLarge,
    /// The handler did not begin its response in time.
    HandlerTimeout,
}

impl RejectReason {
    /// All reasons in the order of their declaration, which is the order of the counters.
    pub(crate) const ALL: [Self; 6] = [
        Self::BadRequest,
        Self::Connect,
        Self::TargetTooLong,
        Self::HeaderTooLarge,
        Self::BodyTooLarge,
        Self::HandlerTimeout,
    ];

    /// Label value in metrics, and field value in log lines.
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

    /// Status of the response.
    pub(crate) const fn status(self) -> StatusCode {
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
    use super::{CloseReason, RejectReason};

    #[test]
    fn each_reason_is_at_its_own_index() {
        assert!(CloseReason::ALL.into_iter().enumerate().all(|(index, reason)| reason as usize == index));
        assert!(RejectReason::ALL.into_iter().enumerate().all(|(index, reason)| reason as usize == index));
    }
}
