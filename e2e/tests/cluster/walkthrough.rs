//! The commands people already know, run by a shell as they are printed.

use std::net::TcpListener;

use e2e::harness::command::Background;
use e2e::harness::namespace::{Namespace, in_namespace};
use tokio::sync::Mutex;

const INSTALL: &str =
    "helm install --set config.SECRET_KEY=xyz --set config.DB_PASSWORD=p123 myapp ./charts/myapp";

const EXPORT: &str = r#"export POD_NAME=$(kubectl get pods -l "app.kubernetes.io/name=myapp" -o jsonpath="{.items[0].metadata.name}")
export CONTAINER_PORT=$(kubectl get pod $POD_NAME -o jsonpath="{.spec.containers[0].ports[0].containerPort}")"#;

const FORWARD: &str = "kubectl port-forward $POD_NAME 8080:$CONTAINER_PORT";

pub(crate) const CURL: &str = "curl http://127.0.0.1:8080/config";

/// Output of `curl` if secrets are exposed and have the values of the walk-through.
pub(crate) const KNOWN_ANSWER: &str = concat!(
    r#"{"API_BASE_URL":"/","DB_PASSWORD":"passw0rdXyZ","LOG_LEVEL":"debug","MAX_CONNECTIONS":"50","SECRET_KEY":"Secr3tXyz","message":"Config and secrets accessed"}"#,
    "\n"
);

/// The commands name the port, so only one test at a time can follow them.
static PORT_8080: Mutex<()> = Mutex::const_new(());

#[test]
fn known_install_command_serves_masked_configuration() {
    in_namespace(async |ns| {
        let said = ns.sh(INSTALL).await.succeeded();
        assert!(said.contains("STATUS: deployed"), "{said}");
        ns.rolled_out("myapp").await;
        let answers = follow(ns, &[CURL]).await;
        let expected = r#"{"API_BASE_URL":"/","DB_PASSWORD":"********","LOG_LEVEL":"error","MAX_CONNECTIONS":"30","SECRET_KEY":"********","message":"Config and secrets accessed"}"#;
        assert_eq!(answers, [format!("{expected}\n")]);
    });
}

#[test]
fn exposed_known_values_answer_known_157_bytes() {
    in_namespace(async |ns| {
        let install = "helm install myapp ./charts/myapp --set exposeSecrets=true \
            --set config.SECRET_KEY=Secr3tXyz --set config.DB_PASSWORD=passw0rdXyZ \
            --set config.LOG_LEVEL=debug --set config.MAX_CONNECTIONS=50 --set config.API_BASE_URL=/";
        ns.sh(install).await.succeeded();
        ns.rolled_out("myapp").await;
        let health = "curl -w '%{content_type}' http://127.0.0.1:8080/healthz";
        let config_type = "curl -o /dev/null -w '%{content_type}' http://127.0.0.1:8080/config";
        let answers = follow(ns, &[CURL, config_type, health]).await;
        assert_eq!(answers[0], KNOWN_ANSWER);
        assert_eq!(answers[0].len(), 157);
        assert_eq!(answers[1], "application/json");
        assert_eq!(answers[2], "{\"status\":\"ok\"}\napplication/json");
    });
}

/// Goes from the pod's name to what the `curl` lines print.
pub(crate) async fn follow(ns: &Namespace, curls: &[&str]) -> Vec<String> {
    let _turn = PORT_8080.lock().await;
    let port = port_to_use();
    // `exec`, so that ending the shell ends what it runs; a person presses Ctrl-C.
    let script = format!("{EXPORT}\nexec {FORWARD}").replace("8080", &port);
    let announcement = format!("Forwarding from 127.0.0.1:{port} -> 5000");
    let _forward = Background::start(ns.shell(&script), &announcement).await;
    let mut answers = Vec::new();
    for curl in curls {
        answers.push(ns.sh(&curl.replace("8080", &port)).await.succeeded());
    }
    answers
}

/// 8080 as printed, unless something else on this machine has it.
fn port_to_use() -> String {
    let free = TcpListener::bind("127.0.0.1:8080").or_else(|_| TcpListener::bind("127.0.0.1:0"));
    free.unwrap().local_addr().unwrap().port().to_string()
}
