//! Comparison of two releases of a service: changed settings, their effect on pods, and who refuses what.

mod change;
mod compatibility;
mod contract_change;
mod reference;
mod release;
mod rollout;
mod workload;

use contract::Contract;

pub(crate) use change::{Change, ChangeKind, Effect, Moment, Reason, Value};
pub(crate) use compatibility::{Age, Compatibility, Order, Pair, Side};
pub(crate) use contract_change::{ContractChange, ContractChangeKind, Extent};
pub(crate) use reference::Delivery;
pub(crate) use release::Release;
pub(crate) use rollout::{Rollout, Running, Workloads};
pub(crate) use workload::{Pods, Workload};

/// The outcome of a comparison.
pub(crate) struct Diff<'a> {
    contracts: [&'a Contract; 2],
    pub(crate) changes: Vec<Change>,
    pub(crate) workloads: Workloads<'a>,
    pub(crate) contract: Vec<ContractChange>,
    pub(crate) compatibility: Compatibility,
}

/// Compares the running side with the coming one.
pub(crate) fn compare<'a>(old: Side<'a>, new: Side<'a>) -> Diff<'a> {
    let compatibility = Compatibility::of(old, new);
    let workloads = Workloads::of(old, new);
    let changes = change::changes(old, new, &compatibility, &workloads.running);
    let contract = contract_change::contract_changes(old.contract, new.contract);
    Diff { contracts: [old.contract, new.contract], changes, workloads, contract, compatibility }
}

impl Diff<'_> {
    /// True if one of the contracts has a setting of that name.
    pub(crate) fn is_setting(&self, name: &str) -> bool {
        self.contracts.iter().any(|contract| contract.key(name).is_some())
    }

    /// Settings that only the other image knows: this one ignores them.
    pub(crate) fn ignored<'b>(&'b self, pair: &'b Pair) -> impl Iterator<Item = &'b str> {
        let names = pair.verdict.unknown.iter().map(|unknown| unknown.name.as_str());
        names.filter(|name| self.is_setting(name))
    }
}
