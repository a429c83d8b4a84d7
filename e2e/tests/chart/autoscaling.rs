//! The autoscaler as the chart renders it where it sees no cluster. What it does beside a live Deployment is in tests/cluster.

use e2e::helm::Values;
use e2e::objects::{items, of_kind};
use serde_json::{Value, json};

use crate::support::{only, refusal, render};

/// An annotation of the Deployment.
const RENDERED: &str = "/metadata/annotations/replicas~1rendered";

fn scaled() -> Values {
    Values::minimal().set("autoscaling.enabled", "true")
}

/// Values that measure with these metrics, and with nothing else unless it is set.
fn measured(metrics: &Value) -> Values {
    scaled().document(json!({"autoscaling": {"metrics": metrics, "targetCPUUtilizationPercentage": null}}))
}

fn requests_per_second() -> Value {
    let target = json!({"type": "AverageValue", "averageValue": "500"});
    json!({"type": "Pods", "pods": {"metric": {"name": "requests_per_second"}, "target": target}})
}

fn utilization(resource: &str) -> Value {
    let target = json!({"type": "Utilization", "averageUtilization": 60});
    json!({"type": "Resource", "resource": {"name": resource, "target": target}})
}

#[test]
fn replicas_are_rendered_only_where_release_decides() {
    let number = |values: &Values| {
        let objects = render(values);
        let deployment = only(&objects, "Deployment");
        (deployment["spec"].get("replicas").cloned(), deployment.pointer(RENDERED).cloned())
    };
    assert_eq!(number(&Values::minimal()), (Some(json!(2)), None));
    assert_eq!(number(&Values::minimal().set("replicaCount", "0")), (Some(json!(0)), None));
    for values in [
        scaled().set("replicaCount", "7"),
        Values::minimal().set("replicaCount", "null"),
        Values::minimal().document(json!({"replicaCount": null})),
    ] {
        assert_eq!(number(&values), (None, Some(json!("none"))), "{values:?}");
    }
}

#[test]
fn null_replica_count_allows_one_or_many_pods() {
    let objects = render(&Values::minimal().set("replicaCount", "null"));
    assert_eq!(of_kind(&objects, "PodDisruptionBudget").len(), 1);
    assert_eq!(of_kind(&objects, "HorizontalPodAutoscaler").len(), 0);
    let expected = |values: &Values| {
        let objects = render(values);
        let arguments = items(only(&objects, "Pod"), "/spec/containers/0/args").to_vec();
        arguments.last().unwrap().clone()
    };
    assert_eq!(expected(&Values::minimal().set("replicaCount", "null")), "1");
    assert_eq!(expected(&Values::minimal().set("replicaCount", "3")), "3");
    assert_eq!(expected(&scaled().set("autoscaling.minReplicas", "4")), "4");
}

#[test]
fn autoscaler_metrics_behavior_and_annotations_arrive_unchanged() {
    let behavior = json!({"scaleDown": {"stabilizationWindowSeconds": 60}});
    let values = scaled().document(json!({"autoscaling": {
        "annotations": {"example.com/team": "platform"},
        "metrics": [requests_per_second()],
        "behavior": behavior,
    }}));
    let objects = render(&values);
    let autoscaler = only(&objects, "HorizontalPodAutoscaler");
    assert_eq!(autoscaler["metadata"]["annotations"], json!({"example.com/team": "platform"}));
    let [cpu, requests] = items(autoscaler, "/spec/metrics") else { panic!("{autoscaler}") };
    assert_eq!((&cpu["resource"]["name"], requests), (&json!("cpu"), &requests_per_second()));
    let scale_down = &autoscaler["spec"]["behavior"]["scaleDown"];
    assert_eq!(scale_down["stabilizationWindowSeconds"], 60);

    let objects = render(&measured(&json!([utilization("memory"), requests_per_second()])));
    let metrics = &only(&objects, "HorizontalPodAutoscaler")["spec"]["metrics"];
    assert_eq!(metrics, &json!([utilization("memory"), requests_per_second()]), "the whole list");
}

#[test]
fn unworkable_autoscaler_is_refused_with_all_reasons() {
    let message = refusal(&scaled().document(json!({
        "autoscaling": {
            "minReplicas": 5,
            "maxReplicas": 4,
            "metrics": [
                utilization("cpu"),
                {"type": "Pods", "object": {}},
                {"type": "ContainerResource", "containerResource": utilization("memory")["resource"]},
            ],
        },
        "resources": {"requests": {"memory": null}, "limits": {"memory": null}},
    })));
    for sentence in [
        "autoscaling.minReplicas: 5 is more than autoscaling.maxReplicas 4",
        "autoscaling.metrics[0]: measures cpu, as does autoscaling.targetCPUUtilizationPercentage (80); set that to null, or take",
        "autoscaling.metrics[1]: type Pods needs the field pods",
        "autoscaling.metrics[2]: a memory target is a share of resources.requests.memory, which is not set",
    ] {
        assert_eq!(message.matches(sentence).count(), 1, "{sentence}\n{message}");
    }
    let nothing = refusal(&measured(&json!([])));
    assert!(nothing.contains("autoscaling.enabled: needs "), "{nothing}");
    let bare = measured(&json!([utilization("cpu")])).set("resources.requests.cpu", "null");
    let message = refusal(&bare);
    assert!(message.contains("autoscaling.metrics[0]: a cpu target is a share of"), "{message}");
    for (values, place) in [
        (measured(&json!([{"type": "Cpu"}])), "at '/autoscaling/metrics/0/type'"),
        (measured(&json!([{}])), "at '/autoscaling/metrics/0'"),
        (scaled().set("autoscaling.annotations.a", "1"), "at '/autoscaling/annotations/a'"),
        (Values::minimal().set_string("replicaCount", "null"), "at '/replicaCount'"),
    ] {
        let message = refusal(&values);
        assert!(message.contains(place), "{place}\n{message}");
    }
}

#[test]
fn metric_of_an_absolute_value_needs_no_request() {
    let target = json!({"type": "AverageValue", "averageValue": "100m"});
    let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": target}});
    render(&measured(&json!([metric])).set("resources.requests.cpu", "null"));
}
