//! The Pod Security Standard "restricted", as rules over a pod spec.
//!
//! Written from <https://kubernetes.io/docs/concepts/security/pod-security-standards/>. The cluster tests have the real
//! admission plugin; this module applies the same rules at render time, and names each broken rule.

use serde_json::Value;

use crate::objects::{items, text};

/// Volume types that "restricted" allows.
const VOLUME_TYPES: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// Every rule that the pod spec breaks; empty when the pod would be admitted.
pub fn restricted_violations(pod: &Value) -> Vec<String> {
    let mut violations = Vec::new();
    for namespace in ["hostNetwork", "hostPID", "hostIPC"] {
        if is_true(pod, &format!("/{namespace}")) {
            violations.push(format!("pod: {namespace}"));
        }
    }
    if !items(pod, "/securityContext/sysctls").is_empty() {
        violations.push("pod: sysctls".to_owned());
    }
    for volume in items(pod, "/volumes") {
        let fields = volume.as_object().into_iter().flatten().map(|(field, _)| field.as_str());
        let kinds = fields.filter(|field| *field != "name");
        violations.extend(
            kinds
                .filter(|kind| !VOLUME_TYPES.contains(kind))
                .map(|kind| format!("volume {}: {kind}", text(volume, "/name"))),
        );
    }
    for list in ["/initContainers", "/containers", "/ephemeralContainers"] {
        for container in items(pod, list) {
            let name = text(container, "/name");
            violations.extend(
                container_violations(pod, container).into_iter().map(|rule| format!("{name}: {rule}")),
            );
        }
    }
    violations
}

fn container_violations(pod: &Value, container: &Value) -> Vec<&'static str> {
    // A container's own field wins over the pod's.
    let effective = |field: &str| {
        let pointer = format!("/securityContext/{field}");
        container.pointer(&pointer).or_else(|| pod.pointer(&pointer)).cloned().unwrap_or_default()
    };
    let is_in = |list: &str, allowed: &[&str]| {
        items(container, list).iter().filter_map(Value::as_str).all(|item| allowed.contains(&item))
    };
    let drops_all =
        items(container, "/securityContext/capabilities/drop").iter().any(|capability| capability == "ALL");
    let seccomp = effective("seccompProfile");
    let rules = [
        (!is_true(container, "/securityContext/privileged"), "privileged"),
        (
            container.pointer("/securityContext/allowPrivilegeEscalation") == Some(&Value::Bool(false)),
            "allowPrivilegeEscalation",
        ),
        (effective("runAsNonRoot") == true, "runAsNonRoot"),
        (effective("runAsUser") != 0, "runAsUser"),
        (["RuntimeDefault", "Localhost"].contains(&text(&seccomp, "/type")), "seccompProfile"),
        (drops_all, "capabilities.drop"),
        (is_in("/securityContext/capabilities/add", &["NET_BIND_SERVICE"]), "capabilities.add"),
        (matches!(text(container, "/securityContext/procMount"), "" | "Default"), "procMount"),
        (text(&effective("appArmorProfile"), "/type") != "Unconfined", "appArmorProfile"),
        (text(&effective("seLinuxOptions"), "/user").is_empty(), "seLinuxOptions.user"),
        (text(&effective("seLinuxOptions"), "/role").is_empty(), "seLinuxOptions.role"),
        (items(container, "/ports").iter().all(|port| port.get("hostPort").is_none()), "hostPort"),
    ];
    rules.into_iter().filter(|(holds, _)| !holds).map(|(_, rule)| rule).collect()
}

fn is_true(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer) == Some(&Value::Bool(true))
}
