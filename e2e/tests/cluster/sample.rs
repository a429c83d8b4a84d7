//! The sample in Python, the assignment's Flask application, on its own chart.

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::python_image::{PythonRoot, SAMPLE};
use e2e::harness::registry::Registry;
use serde_json::json;

use crate::registry::{is_node_this_machine, skip};
use crate::support::{create_secret, pod_names};
use crate::walkthrough::KNOWN_ANSWER;

const PORT: u16 = 5000;

/// Values of the walk-through; whether secrets are shown is no setting.
const KNOWN: &str = "--set existingSecret=pyapp-secrets --set config.LOG_LEVEL=debug --set config.MAX_CONNECTIONS=50 \
    --set extraEnv[0].name=EXPOSE_SECRETS --set-string extraEnv[0].value=true";

#[test]
fn flask_sample_answers_known_157_bytes() {
    if !is_node_this_machine() {
        return skip();
    }
    in_namespace(async |ns| {
        let registry = Registry::open();
        let image = image(&registry);
        secrets(ns).await;
        let install =
            format!("helm install --wait pyapp {SAMPLE}/charts/pyapp {KNOWN} --set image.repository={image}");
        ns.sh(&install).await.succeeded();
        ns.rolled_out("pyapp").await;
        let pods = pod_names(ns, "pyapp").await;
        assert_eq!(pods.len(), 2);
        for pod in pods {
            assert_eq!(ns.get(&pod, PORT, "/config").await, KNOWN_ANSWER);
            assert_eq!(ns.get(&pod, PORT, "/healthz").await, "{\"status\":\"ok\"}\n");
        }
    });
}

/// Builds the sample's image and pushes it. Returns its name, without the tag.
fn image(registry: &Registry) -> String {
    let image = format!("{}/pyapp", registry.address());
    PythonRoot::of_sample().push(SAMPLE.as_ref(), &format!("{image}:0.1.0"));
    image
}

async fn secrets(ns: &Namespace) {
    create_secret(ns, "pyapp-secrets", json!({ "SECRET_KEY": "Secr3tXyz", "DB_PASSWORD": "passw0rdXyZ" }))
        .await;
}
