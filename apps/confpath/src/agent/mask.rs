//! Masking of secrets in what CMD writes.

mod forms;
mod masker;
mod masks;
mod needles;
mod pump;

pub(crate) use masks::Masks;
pub(crate) use pump::Pump;
