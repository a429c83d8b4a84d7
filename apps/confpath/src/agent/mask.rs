//! Masking of secrets in what CMD writes.

mod forms;
mod masker;
mod masks;
mod needles;
mod pump;
#[cfg(test)]
mod tests;

pub(crate) use masks::Masks;
pub(crate) use pump::Pump;
