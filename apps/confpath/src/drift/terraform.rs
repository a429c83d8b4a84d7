//! The values of Terraform's last apply, from the outputs in its state.

use std::path::Path;

use crate::program::Program;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::row::{Row, Verdict};
use crate::cluster::Cluster;
use crate::deployment::Settings;

/// One instance of the module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// The instance's name in the env, such as `myapp_1`.
    instance: String,
    pub(super) name: String,
    pub(super) namespace: String,
    secret_name: String,
    pub(super) status: String,
    pub(super) revision: String,
    pub(super) values: Value,
}

/// Reads the output `releases` of the env in a folder.
///
/// # Errors
/// Terraform cannot be run there, or has applied nothing yet.
pub(super) fn read(env: &Path) -> Result<Vec<Given>> {
    if !env.is_dir() {
        bail!("there is no such folder");
    }
    let printed = Program::new("terraform").args(["output", "-json"]).directory(env).ask()?;
    let outputs: Value = serde_json::from_str(&printed).context("terraform printed no JSON")?;
    parse(&outputs)
}

fn parse(outputs: &Value) -> Result<Vec<Given>> {
    let Some(releases) = outputs["releases"]["value"].as_object() else {
        bail!("nothing has been applied there");
    };
    let text = |module: &Value, output: &str| {
        let value = &module[output];
        let number = || value.as_u64().map(|number| number.to_string());
        let text = value.as_str().map(str::to_owned).or_else(number);
        text.with_context(|| format!("the output releases has no {output}"))
    };
    let given = |(instance, module): (&String, &Value)| {
        Ok(Given {
            instance: instance.clone(),
            name: text(module, "name")?,
            namespace: text(module, "namespace")?,
            secret_name: text(module, "secret_name")?,
            status: text(module, "status")?,
            revision: text(module, "revision")?,
            values: module["release_values"].clone(),
        })
    };
    releases.iter().map(given).collect()
}

/// Compares the secrets in the environment, which the next `terraform apply` would use, with those in the cluster. Terraform
/// cannot see that itself: it writes a Secret when its revision changes, and never reads it. No value leaves this process.
pub(super) fn secrets(cluster: &Cluster, settings: &Settings, given: &Given) -> Vec<Row> {
    let row = |key: &str| {
        let value = std::env::var(variable(&given.instance, key)).ok()?;
        let held = held_secret(cluster, given, key);
        Some(secret_row(key, &value, held))
    };
    settings.secret_keys().filter_map(row).collect()
}

/// The input of the env: `TF_VAR_myapp_secret_key` is for `SECRET_KEY` of the instances `myapp_1`, `myapp_2` ...
fn variable(instance: &str, key: &str) -> String {
    let stem = instance.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    format!("TF_VAR_{stem}_{}", key.to_ascii_lowercase())
}

/// Decoded by kubectl; nothing where there is no such Secret or key.
fn held_secret(cluster: &Cluster, given: &Given, key: &str) -> Result<String> {
    let template = format!("--template={{{{ index .data \"{key}\" | base64decode }}}}");
    let kubectl =
        cluster.kubectl().args(["get", "secret", &given.secret_name, "--namespace", &given.namespace]);
    kubectl.args(["--output=go-template", &template]).ask()
}

fn secret_row(key: &str, given: &str, held: Result<String>) -> Row {
    let (held, verdict) = match held {
        Ok(held) if held == given => ("same value".to_owned(), Verdict::Same),
        Ok(_) => ("another value: raise secret_revision and apply".to_owned(), Verdict::Differs),
        Err(error) => (format!("cannot be read: {}", first_line(&error)), Verdict::Unknown),
    };
    Row::judged(format!("{key} in the environment"), [Some("given".to_owned()), None, Some(held)], verdict)
}

fn first_line(error: &anyhow::Error) -> String {
    format!("{error:#}").lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_instance_is_read_from_the_outputs() {
        let outputs = json!({ "releases": { "value": { "myapp_1": {
            "name": "myapp", "namespace": "default", "secret_name": "myapp-secrets", "status": "deployed",
            "revision": 3, "release_values": { "replicaCount": 2 },
        } } } });
        let given = parse(&outputs).unwrap();
        assert_eq!((given[0].revision.as_str(), &given[0].values), ("3", &json!({ "replicaCount": 2 })));
        assert_eq!(parse(&json!({})).unwrap_err().to_string(), "nothing has been applied there");
    }

    #[test]
    fn an_instance_without_its_number_names_the_variables() {
        assert_eq!(variable("myapp_1", "SECRET_KEY"), "TF_VAR_myapp_secret_key");
        assert_eq!(variable("shop", "DB_PASSWORD"), "TF_VAR_shop_db_password");
    }

    #[test]
    fn a_secret_is_compared_and_never_shown() {
        for (held, verdict) in
            [(Ok("hush-1"), Verdict::Same), (Ok("hush-2"), Verdict::Differs), (Err("no"), Verdict::Unknown)]
        {
            let held = held.map(str::to_owned).map_err(anyhow::Error::msg);
            let row = secret_row("SECRET_KEY", "hush-1", held);
            assert_eq!(row.verdict(), verdict);
            assert!(!format!("{row:?}").contains("hush"));
        }
    }
}
