//! Public behaviour of this crate: sources in, a whole configuration or every problem out.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set its scene fails")]

mod builder;
mod directory;
mod edits;
mod hints;
mod kubelet;
mod live;
mod ordinary;
mod panics;
mod plain;
mod precedence;
mod retry;
mod rollback;
mod sequences;
mod swaps;
mod unknown;
mod untyped;

use std::path::Path;
use std::time::Duration;

use live_config::{Contract, Live, Loaded, Problems, Secret, Sources, Status};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use test_support::kubelet_volume::KubeletVolume;
use test_support::wait::watched;

/// Long enough for a machine under load, short enough to notice a hang.
const DEADLINE: Duration = Duration::from_secs(20);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Settings {
    #[serde(default = "info")]
    #[schemars(schema_with = "mode")]
    mode: String,
    #[schemars(length(min = 1, max = 20), extend("x-on-change" = "prepare", "x-expected" = "any text"))]
    token: Secret,
    #[serde(default)]
    #[schemars(extend("x-on-change" = "prepare", "x-expected" = "any text", "x-required-when" = {
        "key": "MODE", "pattern": "^server$", "because": "MODE is server",
    }))]
    password: Secret,
}

fn info() -> String {
    "quiet".into()
}

fn mode(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 10, "pattern": "^(?:quiet|loud|server)$",
        "x-on-change": "prepare", "x-expected": "quiet, loud or server" })
}

fn read(sources: &Sources) -> Result<Loaded<Settings>, Problems> {
    Loaded::read(&Contract::of::<Settings>().unwrap(), sources)
}

fn problems(sources: &Sources) -> Vec<String> {
    let Err(problems) = read(sources) else { panic!("the configuration was accepted") };
    problems.0.iter().map(ToString::to_string).collect()
}

/// Writes `files` below `directory`, folders included.
fn write(directory: &Path, files: &[(&str, &[u8])]) {
    for (name, bytes) in files {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// Writes a volume as the kubelet does.
fn mount(directory: &Path, files: &[(&str, &[u8])]) {
    KubeletVolume::new(directory).write(files).unwrap();
}

/// Waits until the status satisfies `holds`, and returns that status.
async fn until<S>(live: &Live<S>, what: &str, holds: impl FnMut(&Status) -> bool) -> Status {
    watched(DEADLINE, what, live.watch_status(), holds).await
}

/// The reason with which a participant objects.
fn objection(participant: &'static str, message: &str) -> live_config::Reason {
    live_config::Reason { participant: Some(participant), setting: None, message: message.to_owned() }
}
