//! The infra root, setting by setting.

use e2e::terraform::NO_INPUTS;

use crate::account::{Account, apply, assert_second_plan_is_empty, destroy, give};
use crate::settings::{RUNS, Setting};
use crate::{reachability, secrets};

/// Fewer things than this in the fake would mean that it does not see what is applied.
const MOST_THAT_A_STATE_MAY_HIDE: u64 = 60;

/// Applies `settings` one after the other in one state, and destroys the last.
fn applies_plans_empty_and_is_destroyed_to_nothing(settings: &[Setting]) {
    let mut account = Account::open();
    let root = account.root("envs/aws/infra");
    let mut printed = String::new();
    for setting in settings {
        give(&root, &setting.inputs(&account));
        printed += &apply(&account.fake, &root);
        let found = assert_second_plan_is_empty(&root);
        reachability::assert_as_documented(&found, *setting);
    }
    printed += &root.run(&["plan", "-destroy", "-out=saved.tfplan", "-no-color"], NO_INPUTS);
    printed += &root.run(&["show", "-json", "saved.tfplan"], NO_INPUTS);
    secrets::assert_none(&mut account.fake, &root, &printed);
    let things: u64 = account.fake.inventory().values().sum();
    assert!(things > MOST_THAT_A_STATE_MAY_HIDE, "the fake knows of {things} things only");
    destroy(&root);
    account.close();
}

mod short {
    use super::*;

    #[test]
    fn first_setting_applies_plans_empty_and_destroys() {
        applies_plans_empty_and_is_destroyed_to_nothing(&RUNS[0][..1]);
    }
}

/// Together every pair of variants, each run with a change in place.
mod full {
    use super::*;

    #[test]
    #[ignore = "takes ten minutes: `cargo xtask test terraform --aws full`"]
    fn first_run_applies_changes_plans_empty_and_destroys() {
        applies_plans_empty_and_is_destroyed_to_nothing(&RUNS[0]);
    }

    #[test]
    #[ignore = "takes ten minutes: `cargo xtask test terraform --aws full`"]
    fn second_run_applies_changes_plans_empty_and_destroys() {
        applies_plans_empty_and_is_destroyed_to_nothing(&RUNS[1]);
    }

    #[test]
    #[ignore = "takes ten minutes: `cargo xtask test terraform --aws full`"]
    fn third_run_applies_changes_plans_empty_and_destroys() {
        applies_plans_empty_and_is_destroyed_to_nothing(&RUNS[2]);
    }

    #[test]
    #[ignore = "takes ten minutes: `cargo xtask test terraform --aws full`"]
    fn fourth_run_applies_changes_plans_empty_and_destroys() {
        applies_plans_empty_and_is_destroyed_to_nothing(&RUNS[3]);
    }
}
