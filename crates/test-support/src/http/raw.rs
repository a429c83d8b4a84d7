//! Raw HTTP: clients that send any bytes, stop anywhere, and show a response as it was sent.

mod answer;
pub mod blocking;
mod client;

pub use answer::Answer;
pub use client::{Client, get};
