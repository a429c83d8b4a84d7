//! Resources of roots that were applied earlier in the same account.

use e2e::fake_aws::FakeAws;
use e2e::terraform::Root;

use crate::account::{AWS_ALONE, PROVIDERS_VARIABLE, apply};

/// Published outputs of infra and platform, in an account without the cluster that they name.
pub(crate) const PUBLISHED: &str = include_str!("published.tf");

/// The cluster that the outputs name: active, with an unreachable endpoint, like a private endpoint seen from outside the
/// network.
pub(crate) const CLUSTER: &str = include_str!("cluster.tf");

/// Applies these configurations to the account.
pub(crate) fn beside(fake: &FakeAws, others: &[&str]) -> Root {
    let root =
        Root::with_files(&[("main.tf", &others.concat()), ("provider.tf", AWS_ALONE)], fake.environment());
    root.init(PROVIDERS_VARIABLE, &[]);
    apply(fake, &root);
    root
}
