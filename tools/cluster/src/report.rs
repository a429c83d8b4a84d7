//! Facts about a cluster that this project's machines do not have, as lines for `docs/verification.md`.

use anyhow::Result;
use kit::cluster::{Cluster, Provider};
use kit::process::Cmd;
use kit::ui;
use release::Program;
use release::image::{self, Archive};
use serde_json::Value;

use crate::node_image;

/// Prints a table of the machine, the cluster, the image that was built and the one that runs.
///
/// # Errors
/// The cluster does not answer.
pub(crate) fn print(cluster: &Cluster, image: &Archive) -> Result<()> {
    let id = image.id()?;
    let nodes = node_image::on_nodes(cluster.provider(), &image::name(Program::Myapp))?;
    let on_nodes =
        nodes.into_iter().map(|(node, found)| format!("{node}: {}", found.unwrap_or_else(|| "none".into())));
    let pods = cluster
        .kubectl()
        .args(["get", "pods", "--selector=app.kubernetes.io/name=myapp", "--output=json"])
        .ask()?;
    let kubernetes = cluster.kubectl().args(["get", "nodes", "--output=json"]).ask()?;
    let rows = [
        ("day", first_line_of("date", &["-u", "+%Y-%m-%d"])),
        ("machine", first_line_of("uname", &["-srm"])),
        ("cluster", version(cluster.provider())),
        ("nodes", described(&serde_json::from_str(&kubernetes)?)),
        ("image as built", id),
        ("image on the nodes", on_nodes.collect::<Vec<_>>().join(", ")),
        ("image that the pods run", running(&serde_json::from_str(&pods)?)),
    ];
    ui::say("| | |\n|---|---|");
    rows.iter().for_each(|(name, value)| ui::say(format!("| {name} | {value} |")));
    Ok(())
}

fn version(provider: &Provider) -> String {
    match provider {
        Provider::Own => "the project's own".to_owned(),
        Provider::Minikube { .. } => {
            format!("minikube {}", first_line_of("minikube", &["version", "--short"]))
        }
        Provider::Kind { .. } => first_line_of("kind", &["version"]),
    }
}

/// The first line that a program says of itself, or that it says nothing.
fn first_line_of(program: &str, arguments: &[&str]) -> String {
    let said = Cmd::new(program).args(arguments).ask().unwrap_or_default();
    said.lines().next().map_or_else(|| format!("{program} printed nothing"), str::to_owned)
}

fn described(nodes: &Value) -> String {
    let fields = ["kubeletVersion", "containerRuntimeVersion", "osImage", "architecture"];
    let one = |node: &Value| {
        fields.map(|field| node["status"]["nodeInfo"][field].as_str().unwrap_or("?").to_owned()).join(", ")
    };
    nodes["items"].as_array().into_iter().flatten().map(one).collect::<Vec<_>>().join("; ")
}

fn running(pods: &Value) -> String {
    let statuses = pods["items"].as_array().into_iter().flatten();
    let mut ids: Vec<&str> = statuses
        .filter_map(|pod| pod.pointer("/status/containerStatuses/0/imageID").and_then(Value::as_str))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() { "no pod of the release".to_owned() } else { ids.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_and_nodes_are_told_once_each() {
        let pod = |id: &str| json!({ "status": { "containerStatuses": [{ "imageID": id }] } });
        let pods = json!({ "items": [pod("sha256:b"), pod("sha256:a"), pod("sha256:b"), {}] });
        assert_eq!(running(&pods), "sha256:a, sha256:b");
        assert_eq!(running(&json!({ "items": [] })), "no pod of the release");
        let info = json!({
            "kubeletVersion": "v1.34.1", "containerRuntimeVersion": "containerd://2.1.4", "osImage": "Debian", "architecture": "arm64",
        });
        let nodes = json!({ "items": [{ "status": { "nodeInfo": info } }] });
        assert_eq!(described(&nodes), "v1.34.1, containerd://2.1.4, Debian, arm64");
    }
}
