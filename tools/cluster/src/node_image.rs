//! The image that the nodes of a developer's cluster have under a name.
//!
//! Loading one may do nothing: minikube keeps an image that a pod uses, and says so nowhere. Nodes are therefore asked for the digest of
//! the image's configuration, which the archive has too, whatever digest a runtime gives the image as a whole.

use anyhow::{Context, Result, bail};
use kit::cluster::Provider;
use kit::process::Cmd;
use serde_json::Value;

/// Fails unless all nodes have the image `id` under `name`.
///
/// # Errors
/// Also when a node cannot be asked.
pub(crate) fn verify(provider: &Provider, name: &str, id: &str) -> Result<()> {
    for (node, found) in on_nodes(provider, name)? {
        match found {
            Some(found) if found == id => {}
            Some(found) => bail!(
                "{node} has another image under the name {name} ({found:.12}) than the one that was built ({id:.12}): it keeps one \
                 that a pod uses. End the pods (`cargo xtask down`), remove it (`{}`), and call this again",
                removal(provider, &node, name)
            ),
            None => bail!(
                "{node} has no image {name} after it was loaded: look at `{}`",
                listing(provider, &node)
            ),
        }
    }
    Ok(())
}

/// Returns the id of the image on each node, by the node's name.
pub(crate) fn on_nodes(provider: &Provider, name: &str) -> Result<Vec<(String, Option<String>)>> {
    match provider {
        // Its images are imported anew each time, and its pods tell by which id they run.
        Provider::Own => Ok(Vec::new()),
        Provider::Minikube { profile } => {
            let list =
                Cmd::new("minikube").args(["--profile", profile, "image", "ls", "--format=json"]).ask()?;
            let found = in_minikubes_list(&list, name)
                .context("`minikube image ls --format=json` printed no list")?;
            Ok(vec![(format!("minikube ({profile})"), found)])
        }
        Provider::Kind { name: cluster } => {
            let nodes = Cmd::new("kind").args(["get", "nodes", "--name", cluster]).ask()?;
            let ask = |node: &str| {
                let inspect = ["exec", node, "crictl", "inspecti", "--output=json", name];
                let told = Cmd::new(engine()).args(inspect).ask_tolerating(1)?;
                Ok((node.to_owned(), in_crictls_answer(&told)))
            };
            nodes.split_whitespace().map(ask).collect()
        }
    }
}

/// Returns the container engine that runs kind's nodes.
fn engine() -> String {
    std::env::var("KIND_EXPERIMENTAL_PROVIDER").unwrap_or_else(|_| "docker".to_owned())
}

fn removal(provider: &Provider, node: &str, name: &str) -> String {
    match provider {
        Provider::Kind { .. } => format!("{} exec {node} crictl rmi {name}", engine()),
        Provider::Minikube { profile } => format!("minikube --profile {profile} image rm {name}"),
        Provider::Own => "cargo xtask cluster down".to_owned(),
    }
}

fn listing(provider: &Provider, node: &str) -> String {
    match provider {
        Provider::Kind { .. } => format!("{} exec {node} crictl images", engine()),
        Provider::Minikube { profile } => format!("minikube --profile {profile} image ls"),
        Provider::Own => "cargo xtask cluster status".to_owned(),
    }
}

/// `[{"id": "HEX", "repoTags": ["docker.io/library/NAME"], …}, …]`, with or without `sha256:` before the id.
fn in_minikubes_list(list: &str, name: &str) -> Option<Option<String>> {
    let images: Vec<Value> = serde_json::from_str(list.trim()).ok()?;
    let has_name = |tag: &Value| {
        tag.as_str().is_some_and(|tag| tag == name || tag == format!("docker.io/library/{name}"))
    };
    let found = images
        .iter()
        .find(|image| image["repoTags"].as_array().is_some_and(|tags| tags.iter().any(has_name)));
    Some(found.and_then(|image| image["id"].as_str()).map(bare))
}

/// `{"status": {"id": "sha256:HEX", …}, …}`; nothing where there is no such image.
fn in_crictls_answer(told: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(told).ok()?;
    answer.pointer("/status/id").and_then(Value::as_str).map(bare)
}

/// The hexadecimal digits of a digest.
pub(crate) fn bare(digest: &str) -> String {
    digest.rsplit(':').next().unwrap_or(digest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "myapp:0.1.0";

    #[test]
    fn minikube_tells_an_image_by_its_names() {
        let list = r#"[
            {"id":"6e38","repoDigests":[],"repoTags":["registry.k8s.io/pause:3.10"],"size":"742000"},
            {"id":"sha256:c0ffee","repoDigests":[],"repoTags":["docker.io/library/myapp:0.1.0"],"size":"8170000"}
        ]"#;
        assert_eq!(in_minikubes_list(list, NAME), Some(Some("c0ffee".to_owned())));
        assert_eq!(in_minikubes_list(list, "myapp:0.2.0"), Some(None));
        assert_eq!(in_minikubes_list("Error: no such profile", NAME), None);
    }

    #[test]
    fn crictl_tells_an_image_by_its_configuration() {
        let told =
            r#"{"status":{"id":"sha256:c0ffee","repoTags":["docker.io/library/myapp:0.1.0"]},"info":{}}"#;
        assert_eq!(in_crictls_answer(told), Some("c0ffee".to_owned()));
        assert_eq!(in_crictls_answer("no such image"), None);
    }
}
