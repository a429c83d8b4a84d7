//! What roots find in an account where others were applied before them.

use e2e::fake_aws::FakeAws;
use e2e::terraform::Root;

use crate::account::{AWS_ALONE, PROVIDERS_VARIABLE, apply};

/// What infra and platform have published, in an account without the cluster that it names.
pub(crate) const PUBLISHED: &str = include_str!("published.tf");

/// That cluster: active, with a name that leads nowhere, as from outside the network to a private endpoint.
pub(crate) const CLUSTER: &str = include_str!("cluster.tf");

/// Puts these things into the account.
pub(crate) fn beside(fake: &FakeAws, others: &[&str]) -> Root {
    let root =
        Root::with_files(&[("main.tf", &others.concat()), ("provider.tf", AWS_ALONE)], fake.environment());
    root.init(PROVIDERS_VARIABLE, &[]);
    apply(fake, &root);
    root
}
