//! Every change as a transaction with the service: prepare, publish, notify, acknowledge, settle or roll back.

mod change;
mod delivery;
mod participant;

pub(crate) use delivery::{Parts, Transaction};
pub(crate) use participant::NAME;
