//! Shorthands of this tier.

use std::path::PathBuf;

use e2e::helm::{HelmError, Release, Values, chart_dir};
use e2e::objects::of_kind;
use serde_json::Value;

/// Renders as release `r`; the test fails with Helm's words when it refuses.
pub(crate) fn render(values: &Values) -> Vec<Value> {
    render_as("r", values)
}

pub(crate) fn render_as(release: &str, values: &Values) -> Vec<Value> {
    Release::named(release).render(values).unwrap_or_else(|error| panic!("{error}"))
}

/// Error message of Helm for refused values; the test fails if Helm renders them or is missing.
pub(crate) fn refusal(values: &Values) -> String {
    refusal_of(&Release::named("r"), values)
}

/// The same for one release.
pub(crate) fn refusal_of(release: &Release, values: &Values) -> String {
    match release.render_text(values) {
        Err(HelmError::Refused(message)) => message,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("helm rendered what it should refuse: {values:?}"),
    }
}

/// The only object of its kind.
pub(crate) fn only<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let found = of_kind(objects, kind);
    assert_eq!(found.len(), 1, "objects of kind {kind}");
    found[0]
}

pub(crate) fn deployment_pod(objects: &[Value]) -> &Value {
    &only(objects, "Deployment")["spec"]["template"]
}

pub(crate) fn container(objects: &[Value]) -> &Value {
    &deployment_pod(objects)["spec"]["containers"][0]
}

/// The values files under ci/, each a way to install that must work.
pub(crate) fn ci_files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(chart_dir().join("ci")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 6, "ci values files went missing: {files:?}");
    files
}

pub(crate) fn ci_file(name: &str) -> Values {
    Values::none().file(&chart_dir().join("ci").join(format!("{name}-values.yaml")))
}

/// A file of the chart that holds JSON.
pub(crate) fn chart_json(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(chart_dir().join(path)).unwrap()).unwrap()
}

/// The settings of the contract, by key.
pub(crate) fn contract() -> serde_json::Map<String, Value> {
    chart_json("files/contract.json")["keys"].as_object().unwrap().clone()
}

/// The contract's keys that are secret, or those that are not; sorted.
pub(crate) fn contract_keys(secret: bool) -> Vec<String> {
    contract().into_iter().filter(|(_, setting)| setting["secret"] == secret).map(|(key, _)| key).collect()
}
