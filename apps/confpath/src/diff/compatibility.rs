//! The verdicts of both images on both configurations, and the order in which they may be changed.

use contract::Contract;

use super::release::Release;
use crate::origin::{Given, Problem};
use crate::verdict::{Verdict, judge};

/// The running side of a comparison, or the coming one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    Old,
    New,
}

/// Image and configuration of one side. The image stands for its contract and for the pod template that comes with it.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) release: &'a Release<'a>,
}

/// The verdict of one side's image on the other's, or its own, configuration.
pub(crate) struct Pair {
    pub(crate) image: Age,
    pub(crate) configuration: Age,
    pub(crate) verdict: Verdict,
}

/// The order in which image and configuration may be changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Any,
    ConfigurationFirst,
    ImageFirst,
    /// Neither accepts all of the other's: settings that stay as they are until the new image runs everywhere.
    Steps {
        later: Vec<String>,
    },
    /// No mixture of both configurations suits both images: the settings in the way.
    None {
        settings: Vec<String>,
    },
    /// The new image refuses the new configuration.
    Refused,
}

/// The four pairs with their order.
pub(crate) struct Compatibility {
    /// Old image with old configuration, old with new, new with old, new with new.
    pub(crate) pairs: [Pair; 4],
    pub(crate) order: Order,
}

impl Compatibility {
    pub(super) fn of(old: Side<'_>, new: Side<'_>) -> Self {
        let sides = |age| if age == Age::Old { old } else { new };
        let pair = |image, configuration| {
            let verdict = verdict(sides(image), sides(configuration));
            Pair { image, configuration, verdict }
        };
        let pairs = [
            pair(Age::Old, Age::Old),
            pair(Age::Old, Age::New),
            pair(Age::New, Age::Old),
            pair(Age::New, Age::New),
        ];
        let [_, configuration_first, image_first, both] = &pairs;
        let order = match (both.is_accepted(), configuration_first.is_accepted(), image_first.is_accepted()) {
            (false, ..) => Order::Refused,
            (true, true, true) => Order::Any,
            (true, true, false) => Order::ConfigurationFirst,
            (true, false, true) => Order::ImageFirst,
            (true, false, false) => steps(old, new, configuration_first, image_first),
        };
        Self { pairs, order }
    }

    pub(crate) fn running(&self) -> &Verdict {
        let [running, ..] = &self.pairs;
        &running.verdict
    }

    pub(crate) fn coming(&self) -> &Verdict {
        let [.., coming] = &self.pairs;
        &coming.verdict
    }
}

impl Pair {
    pub(crate) fn is_accepted(&self) -> bool {
        self.verdict.problems.is_empty()
    }
}

fn verdict(image: Side<'_>, configuration: Side<'_>) -> Verdict {
    let given = configuration.release.given(image.contract);
    judge(image.contract, given, |key| image.release.may_take_elsewhere(key, configuration.release))
}

/// Seeks a configuration that both images accept: the new one without the values that the old image refuses.
fn steps(old: Side<'_>, new: Side<'_>, configuration_first: &Pair, image_first: &Pair) -> Order {
    let is_key = |name: &str| old.contract.key(name).or_else(|| new.contract.key(name)).is_some();
    let keys = |pair: &Pair| {
        let names = pair.verdict.problems.iter().map(|problem: &Problem| problem.key.clone());
        let mut names: Vec<_> = names.filter(|name| is_key(name)).collect();
        names.dedup();
        names
    };
    let (later, mut settings) = (keys(configuration_first), keys(image_first));
    let accepts = |image: Side<'_>| {
        let given = mixed(image.contract, old.release, new.release, &later);
        let may_be_elsewhere = |key: &contract::Key| {
            image.release.may_take_elsewhere(key, old.release)
                || image.release.may_take_elsewhere(key, new.release)
        };
        judge(image.contract, given, may_be_elsewhere).problems.is_empty()
    };
    if accepts(old) && accepts(new) {
        return Order::Steps { later };
    }
    settings.extend(later);
    settings.sort();
    settings.dedup();
    Order::None { settings }
}

/// The values of the new release, but for some that stay those of the old one.
fn mixed(contract: &Contract, old: &Release<'_>, new: &Release<'_>, kept: &[String]) -> Given {
    let mut values = new.given(contract).values;
    let mut before = old.given(contract).values;
    for key in kept {
        values.remove(key);
        values.extend(before.remove_entry(key));
    }
    Given { values, ..Given::default() }
}
