//! The form of a result.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A table, or one line a problem on standard error
    Text,
    /// One document on standard output
    Json,
}
