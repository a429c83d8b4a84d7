//! Values from Terraform are accepted by the chart. The files are those that Terraform's own tests compare its values with.

use std::path::Path;

use e2e::helm::{Values, chart_dir};
use e2e::objects::{data, items, text};
use serde_json::{Value, json};

use crate::support::{container, deployment_pod, only, render_as};

/// Returns true where the pod template has this variable. A variable with a host names the only one that is given the credential.
fn has_variable(objects: &[Value], name: &str, value: &str) -> bool {
    items(container(objects), "/env").contains(&json!({"name": name, "value": value}))
}

fn values(file: &Path) -> Values {
    Values::none().file(&chart_dir().join("../../terraform").join(file))
}

#[test]
fn every_input_of_the_module_reaches_the_objects() {
    let values = values(Path::new("modules/myapp/tests/every-input-values.json"));
    let objects = render_as("shop", &values);
    let config = only(&objects, "ConfigMap");
    for (key, value) in [
        ("API_BASE_URL", "/api"),
        ("CACHE_URL", "rediss://shop@cache.example.com:6380/1"),
        ("DATABASE_URL", "postgres://shop@db.example.com/shop?sslmode=verify-full"),
        ("LOG_LEVEL", "debug"),
        ("MAX_CONNECTIONS", "20"),
    ] {
        assert_eq!(data(config, key).as_deref(), Some(value.as_bytes()), "{key}");
    }
    for (name, host) in [("MYAPP_DATABASE_HOST", "db.example.com"), ("MYAPP_CACHE_HOST", "cache.example.com")]
    {
        assert!(has_variable(&objects, name, host), "the URL's host is in the pod template");
    }
    let image = text(container(&objects), "/image");
    assert_eq!(image, format!("registry.example.com/myapp:1.2.3@sha256:{}", "0".repeat(64)));
    assert_eq!(text(container(&objects), "/imagePullPolicy"), "Always");
    let autoscaler = only(&objects, "HorizontalPodAutoscaler");
    assert_eq!(autoscaler["metadata"]["annotations"], json!({"example.com/team": "platform"}));
    let spec = &autoscaler["spec"];
    assert_eq!((&spec["minReplicas"], &spec["maxReplicas"]), (&json!(3), &json!(9)));
    let [memory, requests] = items(spec, "/metrics") else { panic!("{spec}") };
    assert_eq!(memory["resource"]["target"]["averageUtilization"], 70);
    assert_eq!(requests["pods"]["metric"]["name"], "requests_per_second");
    assert_eq!(spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"], 60);
    let fixed = render_as("shop", &values.set("autoscaling.enabled", "false"));
    assert_eq!(only(&fixed, "Deployment")["spec"]["replicas"], 3);
    let pod = deployment_pod(&objects);
    assert_eq!(text(pod, "/metadata/annotations/secret~1revision"), "4");
    assert!(pod.to_string().contains(r#""name":"shop-secrets""#), "the module's Secret is mounted: {pod}");
}

#[test]
fn local_env_values_render_known_pod_label() {
    let objects = render_as("myapp", &values(Path::new("envs/local/tests/release-values.json")));
    assert_eq!(text(deployment_pod(&objects), "/metadata/labels/app.kubernetes.io~1name"), "myapp");
}

#[test]
fn aws_env_values_render_platform_service() {
    let objects = render_as("myapp", &values(Path::new("envs/aws/app/tests/release-values.json")));
    // Names and port as in envs/aws/platform: the load balancer's binding, the policy's label, the role's account.
    let service =
        objects.iter().find(|object| object["kind"] == "Service" && object["metadata"]["name"] == "myapp");
    assert_eq!(service.unwrap()["spec"]["ports"][0]["port"], 80);
    let autoscaler = &only(&objects, "HorizontalPodAutoscaler")["spec"];
    assert_eq!((&autoscaler["minReplicas"], &autoscaler["maxReplicas"]), (&json!(3), &json!(6)));
    let pod = deployment_pod(&objects);
    assert_eq!(text(pod, "/metadata/labels/shop~1data"), "reachable");
    assert_eq!(text(pod, "/spec/serviceAccountName"), "myapp");
    let database = "postgres://myapp@shop.c0ffee.eu-central-1.rds.amazonaws.com:5432/myapp?sslmode=verify-full&sslrootcert=/etc/myapp-database/ca.crt";
    assert_eq!(data(only(&objects, "ConfigMap"), "DATABASE_URL").as_deref(), Some(database.as_bytes()));
    let cache = "rediss://shop-app@master.shop.c0ffee.euc1.cache.amazonaws.com:6379/0";
    assert_eq!(data(only(&objects, "ConfigMap"), "CACHE_URL").as_deref(), Some(cache.as_bytes()));
    for (name, value) in [
        ("MYAPP_DATABASE_HOST", "shop.c0ffee.eu-central-1.rds.amazonaws.com"),
        ("MYAPP_DATABASE_AUTH", "iam"),
        ("MYAPP_CACHE_HOST", "master.shop.c0ffee.euc1.cache.amazonaws.com"),
        ("MYAPP_CACHE_AUTH", "iam"),
        ("MYAPP_CACHE_NAME", "shop"),
        // Below the namespace, as the user of the cache has rights on nothing else.
        ("MYAPP_CACHE_PREFIX", "default/myapp"),
    ] {
        assert!(has_variable(&objects, name, value), "{name}: {pod}");
    }
    let egress = &only(&objects, "NetworkPolicy")["spec"]["egress"];
    let to = |cidrs: [&str; 2]| cidrs.map(|cidr| json!({ "ipBlock": { "cidr": cidr } }));
    for (port, cidrs) in [(5432, ["10.0.4.0/24", "10.0.5.0/24"]), (6379, ["10.0.8.0/24", "10.0.9.0/24"])] {
        let rule = json!({ "ports": [{ "port": port, "protocol": "TCP" }], "to": to(cidrs) });
        assert!(egress.as_array().is_some_and(|rules| rules.contains(&rule)), "{port}: {egress}");
    }
}
