//! A summary of repeated measurements.

use std::time::Duration;

use anyhow::{Result, bail};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spread {
    pub(super) least: Duration,
    /// Mean of the two in the middle for an even number of times.
    pub(super) median: Duration,
    pub(super) most: Duration,
}

impl Spread {
    /// # Errors
    /// Nothing was measured.
    pub(super) fn of(mut times: Vec<Duration>) -> Result<Self> {
        times.sort_unstable();
        let [least, .., most] = times[..] else { bail!("fewer than two measurements") };
        let middle = times.len() / 2;
        let median =
            if times.len() % 2 == 1 { times[middle] } else { (times[middle - 1] + times[middle]) / 2 };
        Ok(Self { least, median, most })
    }
}

/// Returns the greater of the two values in the middle for an even number; not a number if there are none.
pub(super) fn median(values: Vec<f64>) -> f64 {
    ranked(values, 2)
}

/// Above a quarter of the values; not a number if there are none.
pub(super) fn lower_quartile(values: Vec<f64>) -> f64 {
    ranked(values, 4)
}

/// The value that one part of so many lies below.
fn ranked(mut values: Vec<f64>, parts: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / parts).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(milliseconds: &[u64]) -> [u64; 3] {
        let spread = Spread::of(milliseconds.iter().copied().map(Duration::from_millis).collect()).unwrap();
        [spread.least, spread.median, spread.most].map(|time| time.as_millis().try_into().unwrap())
    }

    #[test]
    fn one_slow_run_does_not_move_the_median() {
        assert_eq!(spread(&[5, 900, 3]), [3, 5, 900]);
    }

    #[test]
    fn median_of_an_even_number_is_a_mean() {
        assert_eq!(spread(&[8, 2, 4, 100]), [2, 6, 100]);
    }

    #[test]
    fn nothing_measured_is_an_error() {
        assert!(Spread::of(Vec::new()).is_err());
    }
}
