//! The agent in the chart of a service: both of its forms, and what is refused.

use std::path::Path;

use e2e::helm::Values;
use e2e::objects::{data, items, text};
use e2e::pod_security::restricted_violations;
use serde_json::{Value, json};

use crate::library::{Shop, accepted, with};
use crate::support::{container, deployment_pod, only};

const CONTRACT: &str = r#"{"properties":{}}"#;

/// The chart `shop` of a service that talks to the agent so.
fn shop(agent: &Value) -> Shop {
    let shop = Shop::new();
    let service = json!({ "port": 8000, "directoryVariable": "CONFIG_DIR", "agent": agent });
    shop.write(Path::new("files/service.json"), service.to_string().as_bytes());
    shop.write(Path::new("files/agent-contract.json"), CONTRACT.as_bytes());
    shop
}

fn values(form: &str) -> Values {
    with_agent(with(&[]), form)
}

fn with_agent(values: Values, form: &str) -> Values {
    let values = values.set("agent.enabled", "true").set("agent.form", form);
    values.set("agent.image.repository", "confpath").set("agent.image.tag", "v1")
}

fn variable<'a>(container: &'a Value, name: &str) -> &'a str {
    let found = items(container, "/env").iter().find(|variable| text(variable, "/name") == name);
    found.map(|variable| text(variable, "/value")).unwrap_or_default()
}

fn mounts(container: &Value) -> Vec<(&str, bool)> {
    let mount = |mount: &'_ Value| mount["readOnly"] == true;
    items(container, "/volumeMounts").iter().map(|found| (text(found, "/name"), mount(found))).collect()
}

#[test]
fn wrapper_starts_service_by_copied_agent() {
    let talk = json!({
        "command": ["/shop", "serve"], "notify": "signal:HUP", "ack": "file", "prepare": ["/shop", "prepare"],
    });
    let objects = shop(&talk).render(&values("wrapper"));
    let pod = &deployment_pod(&objects)["spec"];
    assert_eq!(restricted_violations(pod), Vec::<String>::new());
    let copy = &pod["initContainers"][0];
    assert_eq!((text(copy, "/image"), &copy["args"]), ("confpath:v1", &json!(["install", "/agent"])));
    let service = container(&objects);
    assert_eq!(service["command"], json!(["/agent/confpath"]));
    assert_eq!(service["args"], json!(["run", "--", "/shop", "serve"]));
    for (name, value) in [
        ("CONFIG_DIR", "/run/confpath/current"),
        ("CONFPATH_CONFIG_DIR", "/etc/confpath"),
        ("CONFPATH_OUT", "/run/confpath"),
        ("CONFPATH_ADMIN_LISTEN", "[::]:9090"),
        ("CONFPATH_NOTIFY", "signal:HUP"),
        ("CONFPATH_ACK", "file"),
        ("CONFPATH_PREPARE", r#"["/shop","prepare"]"#),
    ] {
        assert_eq!(variable(service, name), value, "{name}");
    }
    let expected = [("config", true), ("contract", true), ("generations", false), ("agent", true)];
    assert_eq!(mounts(service), expected);
    let memory = items(pod, "/volumes").iter().find(|volume| text(volume, "/name") == "generations");
    assert_eq!(memory.unwrap()["emptyDir"]["medium"], "Memory");
    assert_eq!(text(service, "/livenessProbe/httpGet/path"), "/livez");
}

#[test]
fn sidecar_runs_before_service_and_beside_it() {
    let talk = json!({ "notify": "http://127.0.0.1:8000/reload", "ack": "response" });
    let objects = shop(&talk).render(&values("sidecar"));
    let pod = &deployment_pod(&objects)["spec"];
    assert_eq!(restricted_violations(pod), Vec::<String>::new());
    let agent = &pod["initContainers"][0];
    assert_eq!((text(agent, "/restartPolicy"), &agent["args"]), ("Always", &json!(["run"])));
    assert_eq!(text(agent, "/ports/0/name"), "admin");
    assert_eq!(text(agent, "/startupProbe/httpGet/path"), "/startupz");
    let service = container(&objects);
    assert!(service.get("command").is_none() && service.get("startupProbe").is_none());
    assert_eq!(variable(service, "CONFIG_DIR"), "/run/confpath/current");
    assert_eq!(variable(service, "CONFPATH_DIR"), "/run/confpath");
    assert_eq!(mounts(service), [("generations", true)], "the service reads, and acknowledges by its answer");
    assert_eq!(mounts(agent), [("config", true), ("contract", true), ("generations", false)]);
    // By number: network plugins were seen that do not know the names of a sidecar's ports.
    let policy = only(&objects, "NetworkPolicy");
    assert_eq!(policy["spec"]["ingress"][1]["ports"][0]["port"], 9090);
}

#[test]
fn contract_comes_by_its_digest() {
    let objects = shop(&json!({ "command": ["/shop"] })).render(&values("wrapper"));
    let contract =
        objects.iter().find(|object| text(object, "/metadata/name").contains("-contract-")).unwrap();
    assert_eq!(text(contract, "/metadata/name"), "r-shop-contract-0000000000");
    assert_eq!(data(contract, "contract.json").as_deref(), Some(CONTRACT.as_bytes()));
    assert_eq!(contract["immutable"], true);
    let volumes = items(deployment_pod(&objects), "/spec/volumes");
    let volume = volumes.iter().find(|volume| text(volume, "/name") == "contract").unwrap();
    assert_eq!(text(volume, "/configMap/name"), text(contract, "/metadata/name"));
}

#[test]
fn helm_test_asks_by_the_agents_image() {
    for (ack, accepts) in [(json!("file"), false), (json!(""), true)] {
        let objects = shop(&json!({ "command": ["/shop"], "ack": ack })).render(&values("wrapper"));
        let asks = &only(&objects, "Pod")["spec"]["containers"][0];
        assert_eq!(text(asks, "/image"), "confpath:v1");
        // The image's command reads no variable here.
        let peers = [text(asks, "/args/0"), text(asks, "/args/1"), text(asks, "/args/2")];
        assert_eq!(peers, ["verify", "--peers", "r-shop-headless.default.svc:9090"]);
        assert_eq!(items(asks, "/args").contains(&json!("--accept-delivered")), accepts);
    }
}

#[test]
fn agent_contradictions_are_refused_at_once() {
    let talk = json!({ "notify": "signal:HUP", "ack": "response", "prepare": ["/p"], "commands": ["/shop"] });
    let shop = shop(&talk);
    let bad = with(&[("delivery", json!("env"))]).set("agent.enabled", "true");
    let wrapper = shop.refusal(&bad);
    let sidecar = shop.refusal(&bad.set("agent.form", "sidecar"));
    for sentence in [
        "files/service.json: there is no field agent.commands",
        "agent.image.repository: names no image with confpath",
        "agent.enabled: needs config.delivery files, since variables do not change in a running process",
        "files/service.json: agent.ack: response needs a notify that begins with http://, which the service answers",
    ] {
        assert!(wrapper.contains(sentence) && sidecar.contains(sentence), "{sentence}: {wrapper}{sidecar}");
    }
    let command = "files/service.json: agent.command: is missing; with agent.form wrapper";
    assert!(wrapper.contains(command), "{wrapper}");
    for sentence in [
        "files/service.json: agent.notify: signal:HUP needs agent.form wrapper",
        "files/service.json: agent.prepare: a command needs agent.form wrapper",
    ] {
        assert!(sidecar.contains(sentence), "{sidecar}");
    }
}

/// Values with which the agent restarts the service.
fn restarting(readiness: &Value) -> Values {
    let probes = json!({ "config": accepted(), "readinessProbe": readiness });
    with_agent(Values::none().document(probes), "wrapper").set("agent.restart", "child")
}

#[test]
fn agent_restarts_by_readiness_of_the_service() {
    let shop = shop(&json!({ "command": ["/shop"] }));
    let probe = json!({ "periodSeconds": 2, "failureThreshold": 4, "httpGet": { "path": "/ready?x=1", "port": "http" } });
    let objects = shop.render(&restarting(&probe));
    let service = container(&objects);
    for (name, value) in [
        ("CONFPATH_ON_RESTART", "child"),
        ("CONFPATH_READY", "http://127.0.0.1:8000/ready?x=1"),
        ("CONFPATH_READY_TIMEOUT", "60s"),
        ("CONFPATH_RESTART_SPREAD", "60s"),
        ("CONFPATH_DRAIN", "13s"),
        ("CONFPATH_PEERS", "r-shop-headless.default.svc:9090"),
    ] {
        assert_eq!(variable(service, name), value, "{name}");
    }
    let asks_agent = json!({ "path": "/readyz", "port": "admin" });
    let expected = json!({ "periodSeconds": 2, "failureThreshold": 4, "httpGet": asks_agent });
    assert_eq!(service["readinessProbe"], expected);
    let objects = shop.render(&restarting(&json!({ "httpGet": { "path": "/ready", "port": 8001 } })));
    assert_eq!(variable(container(&objects), "CONFPATH_READY"), "http://127.0.0.1:8001/ready");
    assert_eq!(variable(container(&objects), "CONFPATH_DRAIN"), "35s");
    let objects = shop.render(&values("wrapper"));
    assert_eq!(variable(container(&objects), "CONFPATH_ON_RESTART"), "");
}

#[test]
fn agent_that_restarts_keeps_the_pods() {
    let shop = shop(&json!({ "command": ["/shop"], "ack": "file" }));
    let contract = json!({
        "digest": "0".repeat(64),
        "keys": { "PORT": { "type": "text", "secret": false, "minLength": 1, "restart": true, "expected": "text" } },
    });
    shop.write(Path::new("files/contract.json"), contract.to_string().as_bytes());
    let checksum = |restart: &str| {
        let base = Values::none().set("agent.enabled", "true").set("agent.image.repository", "confpath");
        let values = base.set("agent.restart", restart).document(json!({ "config": { "PORT": "81" } }));
        let objects = shop.render(&values);
        deployment_pod(&objects)["metadata"]["annotations"].get("checksum/config").is_some()
    };
    assert_eq!(["rollout", "child"].map(checksum), [true, false]);
}

#[test]
fn restarts_without_knowledge_of_readiness_are_refused() {
    let shop = shop(&json!({ "command": ["/shop"] }));
    let get = |get: Value| shop.refusal(&restarting(&json!({ "httpGet": get })));
    for (message, sentence) in [
        (
            shop.refusal(&restarting(&json!(null))),
            "agent.restart: child needs readinessProbe.httpGet, or agent.ack",
        ),
        (
            shop.refusal(&restarting(&json!({ "exec": { "command": ["/x"] } }))),
            "readinessProbe: with agent.restart child",
        ),
        (
            get(json!({ "port": "http", "scheme": "HTTPS" })),
            "readinessProbe.httpGet: with agent.restart child",
        ),
        (get(json!({ "port": "metrics" })), "readinessProbe.httpGet.port: with agent.restart child"),
    ] {
        assert!(message.contains(sentence), "{message}");
    }
    let live = json!({ "livenessProbe": { "httpGet": { "path": "/", "port": "http" } } });
    let bad = restarting(&json!(null)).set("agent.form", "sidecar").document(live);
    let message = shop.refusal(&bad);
    for sentence in ["livenessProbe: the kubelet would kill", "agent.restart: child needs agent.form wrapper"]
    {
        assert!(message.contains(sentence), "{message}");
    }
}

#[test]
fn service_without_agent_cannot_enable_it() {
    let message = Shop::new().refusal(&values("wrapper"));
    assert!(message.contains("agent.enabled: files/service.json has no agent"), "{message}");
}
