//! `confpath diff`: changed settings and their effect on pods.

use serde_json::{Value, json};

use crate::Scene;

/// Rendered by `helm template shop charts/myapp`, with `config.delivery` as their names say.
const FILES: &str = include_str!("rendered/files.yaml");
const ENV: &str = include_str!("rendered/env.yaml");

fn scene() -> Scene {
    Scene::with_contract(&json!({ "required": ["SECRET_KEY"], "properties": {
        "API_BASE_URL": { "type": "string", "default": "/", "x-on-change": "restart" },
        "LOG_LEVEL": { "type": "string", "enum": ["error", "debug"], "default": "error" },
        "MAX_CONNECTIONS": { "type": "integer", "default": 30, "x-on-change": "prepare" },
        "SECRET_KEY": { "type": "string", "x-secret": true },
    } }))
}

/// A Deployment of the given pods and part of the pod's `spec`.
fn deployment(name: &str, replicas: u8, pod: &str) -> String {
    format!(
        "---\nkind: Deployment\nmetadata: {{name: {name}}}\n\
         spec: {{replicas: {replicas}, template: {{spec: {{{pod}}}}}}}\n"
    )
}

const VOLUME: &str = "volumes: [{name: v, configMap: {name: c}}], \
                      containers: [{volumeMounts: [{name: v, mountPath: /c}]}]";

fn config(data: &str) -> String {
    format!("---\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{{data}}}\n")
}

/// Key, kind, old and new value of each change.
fn changes(report: &Value) -> Vec<[String; 4]> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let changes = report["changes"].as_array().unwrap().iter();
    let parts =
        |one: &Value| [&one["key"], &one["change"], &one["old"]["value"], &one["new"]["value"]].map(text);
    changes.map(parts).collect()
}

/// Workload, moment and reason of the first change's effects.
fn effects(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let effects = report["changes"][0]["effects"].as_array().unwrap().iter();
    effects.map(|one| ["workload", "moment", "reason"].map(|part| text(&one[part])).join(", ")).collect()
}

#[test]
fn mounted_files_change_without_a_restart() {
    let scene = scene();
    let (code, report) = scene.compare(FILES, &FILES.replace("LOG_LEVEL: \"error\"", "LOG_LEVEL: debug"));
    assert_eq!((code, &report["order"]), (0, &json!("any")));
    assert_eq!(changes(&report), [["LOG_LEVEL", "changed", "error", "debug"]]);
    assert_eq!(effects(&report), ["Deployment/shop-myapp, live, files"]);
    let workload = &report["workloads"][0];
    assert_eq!((&workload["pods"]["maximum"], &workload["replaced"]), (&json!(2), &json!("none")));
    assert_eq!(report["elsewhere"], json!(["SECRET_KEY"]));

    let (_, report) = scene.compare(FILES, &FILES.replace("MAX_CONNECTIONS: \"30\"", "MAX_CONNECTIONS: '9'"));
    assert_eq!(
        (&report["changes"][0]["class"], effects(&report)[0].as_str()),
        (&json!("prepare"), "Deployment/shop-myapp, live, files")
    );
    let (_, report) = scene.compare(FILES, &FILES.replace("API_BASE_URL: \"/\"", "API_BASE_URL: /v1"));
    assert_eq!(effects(&report), ["Deployment/shop-myapp, after restart, class"]);
    let moved =
        FILES.replace("API_BASE_URL: \"/\"", "API_BASE_URL: /v1").replace("myapp:0.1.0", "myapp:0.2.0");
    let (_, report) = scene.compare(FILES, &moved);
    assert_eq!(effects(&report), ["Deployment/shop-myapp, new pods, class"]);
    assert_eq!(report["workloads"][0]["replaced"], "all pods");
}

#[test]
fn variables_change_with_new_pods_only() {
    let scene = scene();
    let changed = ENV.replace("LOG_LEVEL: \"error\"", "LOG_LEVEL: debug");
    let (_, report) = scene.compare(ENV, &changed);
    assert_eq!(effects(&report), ["Deployment/shop-myapp, after restart, environment"]);
    let (_, report) = scene.compare(ENV, &changed.replace("checksum/config: ", "checksum/config: x"));
    assert_eq!(effects(&report), ["Deployment/shop-myapp, new pods, environment"]);
    let from = |pod: &str, old: &str, new: &str| {
        let pods = deployment("a", 1, pod);
        effects(&scene.compare(&(config(old) + &pods), &(config(new) + &pods)).1)
    };
    let all = "containers: [{envFrom: [{configMapRef: {name: c}}]}]";
    assert_eq!(
        from(all, "LOG_LEVEL: error", "LOG_LEVEL: debug"),
        ["Deployment/a, after restart, environment"]
    );
    let prefixed = all.replace("[{config", "[{prefix: A_, config");
    assert!(from(&prefixed, "LOG_LEVEL: error", "LOG_LEVEL: debug").is_empty());
    let part = VOLUME.replace("/c", "/c, subPath: x");
    assert_eq!(from(&part, "LOG_LEVEL: error", "LOG_LEVEL: debug"), ["Deployment/a, after restart, subPath"]);
    let init = VOLUME.replace("containers", "initContainers");
    assert_eq!(
        from(&init, "LOG_LEVEL: error", "LOG_LEVEL: debug"),
        ["Deployment/a, after restart, init container"]
    );
    let both = format!("{init}, {}", VOLUME.split_once("], ").unwrap().1);
    assert_eq!(from(&both, "LOG_LEVEL: error", "LOG_LEVEL: debug"), ["Deployment/a, live, files"]);
    let sidecar = init.replace("[{volume", "[{restartPolicy: Always, volume");
    assert_eq!(from(&sidecar, "LOG_LEVEL: error", "LOG_LEVEL: debug"), ["Deployment/a, live, files"]);
    let unmounted = VOLUME.replace("name: v, mountPath", "name: w, mountPath");
    assert!(from(&unmounted, "LOG_LEVEL: error", "LOG_LEVEL: debug").is_empty());
    let (old, new) = ("LOG_LEVEL: debug, MAX_CONNECTIONS: '1'", "MAX_CONNECTIONS: '1'");
    assert_eq!(from(VOLUME, old, new), ["Deployment/a, live, files"], "a value goes away");
    assert_eq!(from(VOLUME, "LOG_LEVEL: debug", "A: b"), ["Deployment/a, live, files"], "all values go away");
    let items = VOLUME.replace("{name: c}", "{name: c, items: [{key: LOG_LEVEL, path: config/LOG_LEVEL}]}");
    assert_eq!(from(&items, "LOG_LEVEL: error", "LOG_LEVEL: debug"), ["Deployment/a, live, files"]);
    assert!(from(&items, "MAX_CONNECTIONS: '1'", "MAX_CONNECTIONS: '2'").is_empty());
}

#[test]
fn kinds_of_changes_are_told_apart() {
    let scene = scene();
    let kinds = |old: &str, new: &str| changes(&scene.compare(&config(old), &config(new)).1);
    assert_eq!(kinds("LOG_LEVEL: debug", "LOG_LEVEL: debug"), Vec::<[String; 4]>::new());
    assert_eq!(kinds("A: b", "LOG_LEVEL: error"), [["LOG_LEVEL", "explicit", "error", "error"]]);
    assert_eq!(kinds("LOG_LEVEL: error", "A: b"), [["LOG_LEVEL", "default", "error", "error"]]);
    assert_eq!(kinds("A: b", "LOG_LEVEL: debug"), [["LOG_LEVEL", "changed", "error", "debug"]]);
    scene.write(
        "new.json",
        r#"{"properties":{"NEW":{"type":"string"},"LOG_LEVEL":{"type":"string","default":"info"}}}"#,
    );
    scene.write(
        "old.json",
        r#"{"properties":{"OLD":{"type":"string"},"LOG_LEVEL":{"type":"string","default":"error"}}}"#,
    );
    let expected =
        [["LOG_LEVEL", "changed", "error", "info"], ["NEW", "added", "-", "1"], ["OLD", "removed", "2", "-"]];
    assert_eq!(kinds("OLD: '2'", "NEW: '1'"), expected);
    let pods = deployment("a", 1, VOLUME);
    let (_, report) = scene.compare(&(config("OLD: '2'") + &pods), &(config("OLD: '2'") + &pods));
    assert_eq!(effects(&report), ["Deployment/a, after restart, default"]);
}

#[test]
fn all_workloads_of_a_configmap_are_named() {
    let scene = scene();
    let others = ["CronJob", "Job", "ReplicaSet"].map(|kind| {
        let template = format!("template: {{spec: {{{VOLUME}}}}}");
        let spec =
            if kind == "CronJob" { format!("jobTemplate: {{spec: {{{template}}}}}") } else { template };
        format!("---\nkind: {kind}\nmetadata: {{name: other}}\nspec: {{{spec}}}\n")
    });
    let hook = "---\nkind: Pod\nmetadata: {name: hook, annotations: {helm.sh/hook: test}}\nspec: {"
        .to_owned()
        + VOLUME
        + "}\n";
    let unrelated = "---\nkind: Service\nmetadata: {name: s}\nspec: {a: 1, a: 2}\n".repeat(40);
    let pods = [deployment("a", 3, VOLUME), deployment("b", 1, VOLUME), deployment("c", 9, "containers: []")]
        .concat();
    let rest = [others.concat(), hook, unrelated, pods].concat();
    let (_, report) =
        scene.compare(&(config("LOG_LEVEL: debug") + &rest), &(config("LOG_LEVEL: error") + &rest));
    assert_eq!(effects(&report), ["Deployment/a, live, files", "Deployment/b, live, files"]);
    let notes = report["notes"].to_string();
    let is_named = |kind: &str| notes.contains(&format!("{kind}/other takes settings when it starts"));
    assert!(["CronJob", "Job", "ReplicaSet"].into_iter().all(is_named) && !notes.contains("hook"), "{notes}");
}

#[test]
fn pods_are_counted_as_far_as_known() {
    let scene = scene();
    let config = config("LOG_LEVEL: debug");
    let pods = |workload: &str| {
        let (_, report) = scene.compare(&config, &(config.clone() + workload));
        assert_eq!(report["workloads"][0]["replaced"], "created");
        report["workloads"][0]["pods"].clone()
    };
    let one = deployment("a", 3, VOLUME);
    assert_eq!(pods(&one), json!({ "minimum": 3, "maximum": 3 }));
    assert_eq!(pods(&one.replace("replicas: 3, ", "")), json!({}));
    assert_eq!(pods(&one.replace("Deployment", "DaemonSet")), json!({ "perNode": 1 }));
    let autoscaler = "---\nkind: HorizontalPodAutoscaler\n\
                      spec: {scaleTargetRef: {kind: Deployment, name: a}, minReplicas: 2, maxReplicas: 9}\n";
    assert_eq!(pods(&(one.clone() + autoscaler)), json!({ "minimum": 2, "maximum": 9 }));
    assert_eq!(
        pods(&(one.clone() + &autoscaler.replace("name: a", "name: b"))),
        json!({ "minimum": 3, "maximum": 3 })
    );
    let scaled = "---\nkind: ScaledObject\nspec: {scaleTargetRef: {name: a}, maxReplicaCount: 7}\n";
    assert_eq!(pods(&(one + scaled)), json!({ "minimum": 0, "maximum": 7 }));
}

#[test]
fn order_of_names_is_no_template_change() {
    let scene = scene();
    let config = config("LOG_LEVEL: debug");
    let replaced = |old: &str, new: &str| {
        let with = |pod: &str, update: &str| {
            config.clone() + &deployment("a", 1, pod).replace("replicas", &format!("{update}replicas"))
        };
        let update = if new.contains("OnDelete") { "updateStrategy: {type: OnDelete}, " } else { "" };
        let (_, report) = scene.compare(&with(old, ""), &with(&new.replace("OnDelete", "x"), update));
        report["workloads"][0]["replaced"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        replaced(&format!("{VOLUME}, a: {{b: 1, c: 2}}"), &format!("a: {{c: 2, b: 1, d: null}}, {VOLUME}")),
        "none"
    );
    assert_eq!(replaced(&format!("{VOLUME}, a: 1"), &format!("{VOLUME}, a: '1'")), "all pods");
    assert_eq!(replaced(VOLUME, &format!("{VOLUME}, a: OnDelete")), "on delete");
}

#[test]
fn one_namespace_is_compared() {
    let scene = scene();
    let both = |level: &str| {
        let of = |namespace: &str, level: &str| {
            let text = config(&format!("LOG_LEVEL: {level}")) + &deployment("a", 1, VOLUME);
            text.replace("metadata: {", &format!("metadata: {{namespace: {namespace}, "))
        };
        of("one", "error") + &of("two", level)
    };
    scene.write("old.yaml", both("error"));
    scene.write("new.yaml", both("debug"));
    let run =
        |flags: &str| scene.diff(&format!("--contract contract.json --old old.yaml --new new.yaml{flags}"));
    assert!(run(" --namespace one").stdout().starts_with("no setting differs"));
    assert!(run(" --namespace two").stdout().starts_with("1 setting differs: 1 without a restart"));
    assert_eq!(run("").code(), 1, "the same setting has two values");
}
