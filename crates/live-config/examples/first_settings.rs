//! The settings that a new service writes first: `APP_API_KEY=hush cargo run -p live-config --example first_settings`.
#![expect(clippy::print_stdout, reason = "an example prints what it shows")]

use live_config::{Secret, StartError};

#[derive(Default, serde::Deserialize, serde::Serialize, schemars::JsonSchema, Debug)]
enum Mode {
    #[default]
    Fast,
    Safe,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Settings {
    #[serde(default)]
    mode: Mode,
    sample_ratio: Option<f64>,
    api_key: Secret,
}

fn main() -> Result<(), StartError> {
    let (live, _driver) = live_config::builder::<Settings>().environment("APP_").start()?;
    let Settings { mode, sample_ratio, api_key } = &live.snapshot().settings;
    println!("{mode:?} {sample_ratio:?}, a key: {}", !api_key.is_empty());
    Ok(())
}
