//! The temporary log level, for an operator who investigates a fault.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chassis::Problem;
use chassis::telemetry::Levels;
use fleet::unix_seconds;
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::routes::context::Context;
use crate::routes::http::response::{json_body, json_line, json_response};
use crate::settings::LogLevel;

/// Maximum duration of a temporary level: an operator may forget to reset it.
const MAX_DURATION: Duration = Duration::from_secs(24 * 60 * 60);

/// Requested level and time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    level: LogLevel,
    /// With a unit, as in `15m`; 24h at most.
    #[schemars(regex(pattern = "^([1-9][0-9]{0,2}(ms|s|m)|([1-9]|1[0-9]|2[0-4])h)$"))]
    r#for: String,
}

/// The levels as they are.
#[derive(JsonSchema, Serialize)]
struct Answer {
    /// Level in force.
    in_force: &'static str,
    /// Level of the configuration.
    set: &'static str,
    /// When that is in force again, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
}

/// Sets a temporary level; it replaces an earlier one.
pub(super) async fn set(State(context): State<Arc<Context>>, body: Bytes) -> Response {
    match parse(&body) {
        Ok((level, time)) => {
            context.telemetry.set_level_for(level.0, time);
            answer(&context.telemetry.levels())
        }
        Err(detail) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY).detail(detail).into_response(),
    }
}

pub(super) async fn get(State(context): State<Arc<Context>>) -> Response {
    answer(&context.telemetry.levels())
}

pub(super) fn responses() -> Value {
    json_response::<Answer>("The levels as they are")
}

pub(super) fn body() -> Value {
    json_body::<Change>()
}

fn answer(levels: &Levels) -> Response {
    json_line(&Answer {
        in_force: levels.in_force().as_str(),
        set: levels.set.as_str(),
        until: levels.temporary.map(|temporary| unix_seconds(temporary.until)),
    })
}

fn parse(body: &[u8]) -> Result<(LogLevel, Duration), String> {
    let change: Change = serde_json::from_slice(body).map_err(|error| {
        format!("{error}; expected is for example {{\"level\":\"debug\",\"for\":\"15m\"}}")
    })?;
    let time = chassis::positive_duration(&change.r#for).map_err(|error| format!("for: {error}"))?;
    if time > MAX_DURATION {
        return Err("for: must be 24h at most".to_owned());
    }
    Ok((change.level, time))
}
