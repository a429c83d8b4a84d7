//! The workflow of GitHub Actions: the checks of a pull request.

use contract::generate::notice;

use super::source::Source;
use crate::project::Workflow;

/// The version of the action that checks the repository out, pinned by commit.
const CHECKOUT: &str = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1";

pub(super) fn workflow(workflow: &Workflow, source: &Source<'_>) -> String {
    let mut steps = vec![("Generated files are current", "generate --check".to_owned())];
    if let Some(chart) = &source.project.chart {
        let values = chart.join("values.yaml");
        let check = format!(
            "check --contract {} --values {} --without-secrets",
            source.project.contract.display(),
            values.display()
        );
        steps.push(("The chart's values are valid", check));
    }
    let step = |(name, command): &(&str, String)| {
        format!(
            "      - name: {name}\n        uses: docker://{}\n        with:\n          args: {command}\n",
            workflow.image
        )
    };
    let steps: String = steps.iter().map(step).collect();
    format!(
        "# {}
name: configuration

on:
  pull_request:

permissions: {{}}

jobs:
  configuration:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false
{steps}",
        notice(&source.name)
    )
}

#[cfg(test)]
mod tests {
    use super::CHECKOUT;

    #[test]
    fn checkout_is_pinned_as_in_this_repository() {
        let own = include_str!("../../../../.github/workflows/ci.yml");
        let used = own.lines().filter_map(|line| line.trim().strip_prefix("- uses: "));
        let checkouts: Vec<_> = used.filter(|used| used.starts_with("actions/checkout@")).collect();
        assert!(!checkouts.is_empty() && checkouts.iter().all(|used| *used == CHECKOUT), "{checkouts:?}");
    }
}
