//! Tests of the workflows in `.github/workflows`: what they call is there, and they may do what they need and nothing else.

mod commands;
mod file;
mod permissions;
mod secrets;
