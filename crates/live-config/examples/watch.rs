//! Follows a mounted directory: `cargo run -p live-config --example watch -- DIRECTORY`, then change a file in it.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use live_config::{Contract, Driver, Event, Loaded, Secret, Sources, Timing};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Settings {
    /// How visitors are greeted.
    #[schemars(length(max = 40), extend("x-on-change" = "hot", "x-expected" = "any text of at most 40 characters"))]
    greeting: String,
    /// Signs sessions.
    #[serde(default)]
    #[schemars(extend("x-on-change" = "hot", "x-expected" = "any text"))]
    session_key: Secret,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("name a directory with a file GREETING in it")?;
    let contract = Contract::of::<Settings>()?;
    let sources = Sources::default().directory(directory);
    let loaded = Loaded::<Settings>::read(&contract, &sources)?;

    let (live, driver) = Driver::new(contract, sources, loaded, Vec::new(), Timing::default());
    let mut events = live.events();
    tokio::spawn(driver.run());
    loop {
        let snapshot = live.snapshot();
        let key = if snapshot.settings.session_key.is_empty() { "without" } else { "with" };
        println!("generation {}: {} ({key} a key)", snapshot.generation, snapshot.settings.greeting);
        match events.recv().await? {
            Event::Committed { changes, .. } => {
                println!("changed: {}", changes.keys().collect::<Vec<_>>().join(", "));
            }
            Event::Unknown(files) => {
                files.iter().for_each(|file| println!("unknown setting ignored: {file}"));
            }
            other @ (Event::Rejected { .. }
            | Event::Pending { .. }
            | Event::RolledBack { .. }
            | Event::Restored) => {
                println!("{other:?}");
            }
        }
    }
}
