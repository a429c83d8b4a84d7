//! A cache server outside the release: what its values become, and which of them are refused.

use e2e::helm::{Release, Values};
use e2e::objects::{items, text};
use e2e::pod::start;
use serde_json::{Value, json};

use crate::support::{ci_file, container, deployment_pod, only, refusal, render};

const DELIVERIES: [&str; 2] = ["files", "env"];
const EVIL: &str = "rediss://evil.example.com";

fn server(host: &str) -> Values {
    Values::minimal().set_string("cache.host", host)
}

fn at(url: &str) -> Values {
    Values::minimal().set_string("config.CACHE_URL", url)
}

fn cache_url(objects: &[Value]) -> Option<&str> {
    only(objects, "ConfigMap")["data"].get("CACHE_URL")?.as_str()
}

fn variable<'a>(objects: &'a [Value], name: &str) -> Option<&'a str> {
    let variables = items(container(objects), "/env");
    Some(text(variables.iter().find(|variable| variable["name"] == name)?, "/value"))
}

/// Rules for ways out, beside those to DNS and to the other replicas.
fn opened(values: &Values) -> Vec<Value> {
    items(&only(&render(values), "NetworkPolicy")["spec"], "/egress")[2..].to_vec()
}

fn starts(objects: &[Value]) -> Result<(), String> {
    let output = start(objects).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(errors) }
}

#[test]
fn cache_is_not_rendered_without_host() {
    let objects = render(&Values::minimal());
    assert_eq!(cache_url(&objects), None);
    assert_eq!(variable(&objects, "MYAPP_CACHE_HOST"), Some("localhost"));
    assert_eq!(variable(&objects, "MYAPP_CACHE_NAME"), None);
    let pod = deployment_pod(&objects).to_string();
    assert!(!pod.contains("cache/server") && !pod.contains("cache-ca"), "{pod}");
}

#[test]
fn what_the_values_become_starts_the_process() {
    for (host, url) in [
        ("cache.example.com", "rediss://app-1@cache.example.com:6379/3"),
        ("cache", "rediss://app-1@cache:6379/3"),
        ("10.0.0.7", "rediss://app-1@10.0.0.7:6379/3"),
        ("2001:db8::7", "rediss://app-1@[2001:db8::7]:6379/3"),
        ("::1", "redis://app-1@[::1]:6379/3"),
        ("localhost", "redis://app-1@localhost:6379/3"),
    ] {
        for delivery in DELIVERIES {
            let values = server(host).set("cache.user", "app-1").set("cache.database", "3");
            let objects =
                render(&values.set("config.CACHE_PASSWORD", "p456").set("config.delivery", delivery));
            assert_eq!(cache_url(&objects), Some(url));
            assert_eq!(variable(&objects, "MYAPP_CACHE_HOST"), Some(host));
            starts(&objects).unwrap_or_else(|errors| panic!("{host} {delivery}: {errors}"));
        }
    }
    let bare = render(&server("cache.example.com"));
    assert_eq!(cache_url(&bare), Some("rediss://cache.example.com:6379/0"));
    starts(&bare).unwrap();
}

#[test]
fn elasticache_profile_uses_token_and_reaches_agent() {
    let values = ci_file("cache");
    let objects = render(&values);
    let host = "master.myapp.c0ffee.euc1.cache.amazonaws.com";
    assert_eq!(cache_url(&objects), Some(&*format!("rediss://myapp-app@{host}:6379/0")));
    let named = ["MYAPP_CACHE_HOST", "MYAPP_CACHE_AUTH", "MYAPP_CACHE_NAME"];
    assert_eq!(named.map(|name| variable(&objects, name)), [Some(host), Some("iam"), Some("myapp")]);
    let rules = opened(&values);
    let cache =
        json!({"ports": [{"port": 6379, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": "10.0.64.0/20"}}]});
    assert_eq!(rules[0], cache);
    assert!(rules[1].to_string().contains("169.254.170.23/32"), "{rules:?}");
    let notes = Release::named("r").notes(&values).unwrap();
    assert!(!notes.contains("WARNING"), "{notes}");
}

#[test]
fn releases_share_a_server_and_no_key() {
    let prefix = |release: &str| {
        let objects = crate::support::render_as(release, &server("cache.example.com"));
        variable(&objects, "MYAPP_CACHE_PREFIX").unwrap().to_owned()
    };
    assert_eq!(prefix("one"), "default/one-myapp");
    assert_ne!(prefix("one"), prefix("two"));
}

#[test]
fn cache_authorities_and_credentials_follow_values() {
    let values = server("cache.example.com")
        .set("cache.caBundle.configMap", "authorities")
        .set("cache.existingSecret", "role")
        .set("cache.existingSecretUsernameKey", "username");
    let objects = render(&values);
    assert!(cache_url(&objects).unwrap().ends_with("/0?sslrootcert=/etc/myapp-cache/ca.crt"));
    let pod = deployment_pod(&objects);
    let volumes = items(pod, "/spec/volumes");
    let volume = volumes.iter().find(|volume| volume["name"] == "cache-ca").unwrap();
    assert_eq!(
        (&volume["configMap"]["name"], &volume["configMap"]["optional"]),
        (&json!("authorities"), &json!(true))
    );
    let mount =
        items(container(&objects), "/volumeMounts").iter().find(|mount| mount["name"] == "cache-ca").unwrap();
    assert_eq!((text(mount, "/mountPath"), mount.get("subPath")), ("/etc/myapp-cache", None));
    let sources = volumes.iter().flat_map(|volume| items(volume, "/projected/sources"));
    let secret =
        sources.filter_map(|source| source.get("secret")).find(|secret| secret["name"] == "role").unwrap();
    let files: Vec<_> =
        items(secret, "/items").iter().map(|item| (text(item, "/key"), text(item, "/path"))).collect();
    assert_eq!(files, [("password", "secrets/CACHE_PASSWORD"), ("username", "secrets/CACHE_USER")]);
}

#[test]
fn config_map_and_extra_env_cannot_redirect_cache() {
    for values in [
        Values::minimal(),
        at("rediss://cache.example.com"),
        at("redis://localhost"),
        server("cache.example.com"),
    ] {
        for delivery in DELIVERIES {
            let mut objects = render(&values.clone().set("config.delivery", delivery));
            let config_map = objects.iter_mut().find(|object| object["kind"] == "ConfigMap").unwrap();
            config_map["data"]["CACHE_URL"] = json!(EVIL);
            let errors = starts(&objects).unwrap_err();
            assert!(errors.contains("CACHE_URL: names a"), "{values:?} {delivery}: {errors}");
        }
        for name in ["HOST", "AUTH", "PREFIX"].map(|name| format!("MYAPP_CACHE_{name}")) {
            let message = refusal(&values.clone().set_string("extraEnv[0].name", &name));
            assert!(message.contains(&format!("extraEnv: the chart sets {name} itself")), "{message}");
        }
    }
}

#[test]
fn cache_server_change_replaces_pods_user_change_not() {
    let pod = |values: Values| deployment_pod(&render(&values)).clone();
    let before = pod(server("cache.example.com"));
    assert_eq!(
        before,
        pod(server("cache.example.com").set("cache.user", "other").set("cache.database", "1"))
    );
    assert_ne!(before, pod(server("other.example.com")));
    assert_ne!(before, pod(server("cache.example.com").set("cache.port", "6380")));
}

#[test]
fn network_policy_opens_egress_only_to_cache() {
    let rule = |port: u16, cidr: &str| {
        vec![json!({"ports": [{"port": port, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": cidr}}]})]
    };
    assert_eq!(opened(&server("10.0.0.7")), rule(6379, "10.0.0.7/32"));
    assert_eq!(opened(&at("rediss://[2001:db8::7]:99/1")), rule(99, "2001:db8::7/128"));
    for local in [server("localhost"), server("127.0.0.1"), at("redis://[::1]:99")] {
        assert_eq!(opened(&local), Vec::<Value>::new(), "{local:?}");
    }
    let notes = |values: &Values| Release::named("r").notes(values).unwrap();
    let named = server("cache.example.com").set("cache.port", "6380");
    assert_eq!(opened(&named), [json!({"ports": [{"port": 6380, "protocol": "TCP"}]})]);
    assert!(notes(&named).contains("opens port 6380 to anywhere"), "{}", notes(&named));
    let url = at("rediss://cache.example.com:6380");
    assert_eq!(opened(&url), Vec::<Value>::new(), "a name alone opens nothing");
    assert!(
        notes(&url).contains("CACHE_URL names a server, but the policy does not lead there"),
        "{}",
        notes(&url)
    );
    let placed = url.set("networkPolicy.cacheTo[0].ipBlock.cidr", "10.0.0.0/16");
    assert_eq!(opened(&placed), rule(6380, "10.0.0.0/16"));
    assert!(!notes(&placed).contains("cacheTo"), "{}", notes(&placed));
}

#[test]
fn contradictory_or_incomplete_cache_values_are_refused() {
    let elsewhere = || server("cache.example.com");
    for (values, sentence) in [
        (
            elsewhere().set("config.CACHE_URL", "redis://localhost"),
            "config.CACHE_URL: given together with cache.host",
        ),
        (
            elsewhere().set("cache.existingSecret", "s").set("config.CACHE_PASSWORD", "p"),
            "config.CACHE_PASSWORD: given together with cache.existingSecret; give one of them",
        ),
        (
            elsewhere().set("cache.existingSecretUsernameKey", "u"),
            "cache.existingSecretUsernameKey: given without cache.existingSecret",
        ),
        (
            elsewhere()
                .set("cache.existingSecret", "s")
                .set("cache.existingSecretUsernameKey", "u")
                .set("config.CACHE_USER", "app"),
            "config.CACHE_USER: given together with cache.existingSecretUsernameKey; give one of them",
        ),
        (
            Values::minimal().set("cache.existingSecret", "s"),
            "cache.existingSecret: given without cache.host, so that the pods would use no cache",
        ),
        (
            Values::minimal().set("cache.caBundle.configMap", "c"),
            "cache.caBundle.configMap: given without cache.host",
        ),
        (
            elsewhere().set("cache.auth", "iam").set("cache.user", "app"),
            "cache.name: needed with cache.auth=iam",
        ),
        (
            elsewhere().set("cache.auth", "iam").set("cache.name", "myapp"),
            "cache.user: needed with cache.auth=iam",
        ),
        (elsewhere().set("cache.name", "myapp"), "cache.name: of use with cache.auth=iam only"),
        (
            Values::minimal().set("volumes[0].name", "cache-ca"),
            r#"volumes: the chart has a volume "cache-ca" of its own"#,
        ),
        (elsewhere().set("cache.database", "-1"), "at '/cache/database'"),
        (elsewhere().set("cache.database", "10000"), "at '/cache/database'"),
        (elsewhere().set("cache.port", "0"), "at '/cache/port'"),
        (elsewhere().set("cache.auth", "token"), "at '/cache/auth': value must be one of"),
        (elsewhere().set("cache.password", "p"), "at '/cache': additional properties 'password' not allowed"),
        (Values::minimal().set("cache", "null"), "missing property 'cache'"),
        (at("redis://cache.example.com"), "config.CACHE_URL: "),
        (at("rediss://h/99999"), "config.CACHE_URL: "),
    ] {
        let message = refusal(&values);
        assert!(message.contains(sentence), "expected: {sentence}\ngot: {message}");
    }
}

#[test]
fn malformed_cache_values_are_refused_and_never_repeated() {
    for (part, value) in [
        ("host", "cache.example.com:6379"),
        ("host", "rediss://cache.example.com"),
        ("host", "app:CANARY@cache.example.com"),
        ("host", "cache.example.com/CANARY"),
        ("host", "cache\n"),
        ("host", "[::1]"),
        ("user", "app:CANARY"),
        ("user", "-app"),
    ] {
        let values = if part == "host" { Values::minimal() } else { server("cache.example.com") };
        let message = refusal(&values.document(json!({ "cache": { part: value } })));
        assert!(message.contains(&format!("cache.{part}: expected ")), "{part}={value:?}: {message}");
        assert!(!message.contains("CANARY"), "{part}={value:?}: {message}");
    }
    let message = refusal(&at("rediss://app:CANARY@cache.example.com"));
    assert!(message.contains("config.CACHE_URL: ") && !message.contains("CANARY"), "{message}");
}
