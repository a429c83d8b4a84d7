//! The next commands for a person, ready to be copied.

use std::path::Path;

use kit::cluster::Cluster;
use kit::{tools, ui};

const INSTALL: &str =
    "helm install --set config.SECRET_KEY=xyz --set config.DB_PASSWORD=p123 myapp ./charts/myapp";

const WAIT: &str = "kubectl rollout status deployment/myapp";

const ASK: [&str; 4] = [
    r#"export POD_NAME=$(kubectl get pods -l "app.kubernetes.io/name=myapp" -o jsonpath="{.items[0].metadata.name}")"#,
    r#"export CONTAINER_PORT=$(kubectl get pod $POD_NAME -o jsonpath="{.spec.containers[0].ports[0].containerPort}")"#,
    "kubectl port-forward $POD_NAME 8080:$CONTAINER_PORT",
    "curl http://127.0.0.1:8080/config    # in another terminal",
];

/// The walk-through by hand.
pub(super) fn to_install(cluster: &Cluster) {
    ui::say("\nThe cluster is up and has the image. Install the chart by hand:\n");
    exports(cluster).iter().for_each(print);
    [INSTALL, WAIT].iter().chain(&ASK).for_each(print);
}

/// Prints the commands that query the service, and the one that removes it.
pub(super) fn to_go_on(cluster: &Cluster) {
    ui::say("\nIt runs. Ask it yourself:\n");
    exports(cluster).iter().for_each(print);
    ASK.iter().for_each(print);
    ui::say("\nRemove it again with: cargo xtask down");
}

fn print(line: impl std::fmt::Display) {
    ui::say(format!("  {line}"));
}

/// Returns the exports that a shell needs to find the cluster and the tools; nothing if it finds both.
fn exports(cluster: &Cluster) -> Vec<String> {
    let kubeconfig = cluster.kubeconfig().map(|path| format!("export KUBECONFIG={}", path.display()));
    kubeconfig.into_iter().chain(path_export()).collect()
}

fn path_export() -> Option<String> {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let is_found = |tool: &str| std::env::split_paths(&inherited).any(|folder| folder.join(tool).is_file());
    // kubectl comes with the tool `kube`.
    let lacking =
        [("helm", "helm"), ("kubectl", "kube")].into_iter().filter(|(program, _)| !is_found(program));
    let folders: Vec<String> = lacking
        .filter_map(|(_, tool)| tools::built(tool).parent().map(Path::to_owned))
        .map(|folder| folder.display().to_string())
        .collect();
    (!folders.is_empty()).then(|| format!("export PATH={}:$PATH", folders.join(":")))
}
