//! The options of `bench http`.

/// Duration and kind of the measurement.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Options {
    /// How often each server has its turn; figures are medians of them
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rounds: u32,
    /// Seconds that each part of a turn lasts
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) seconds: u32,
    /// Compare the service with itself, one feature off at a time, instead
    #[arg(long)]
    pub(super) ablation: bool,
}
