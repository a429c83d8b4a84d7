//! The library chart: the copy in the service's chart, and a service made from nothing (`shop/`) with a setting of each type.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use e2e::helm::{HelmError, Release, Values, chart_dir};
use e2e::kubelet_volume::mount_projected;
use e2e::objects::{data, data_keys, identity, items, of_kind};
use e2e::pod_security::restricted_violations;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{container, deployment_pod, only};

/// Files below a folder by their path in it, with their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = PathBuf::from(entry.file_name());
        let kind = entry.file_type().unwrap();
        assert!(
            !kind.is_symlink(),
            "{} is a link, which no archive of a chart holds",
            entry.path().display()
        );
        if kind.is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|(path, bytes)| (name.join(path), bytes)));
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    found
}

fn library_dir() -> PathBuf {
    chart_dir().join("../confpath")
}

/// The chart `shop` with the library in it, in a folder of its own.
pub(crate) struct Shop(TempDir);

impl Shop {
    pub(crate) fn new() -> Self {
        let shop = Self(tempfile::tempdir().unwrap());
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chart/shop");
        for (from, to) in [(source, ""), (library_dir(), "charts/confpath")] {
            for (path, bytes) in files(&from) {
                shop.write(&Path::new(to).join(path), &bytes);
            }
        }
        shop
    }

    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn helm(&self, values: &Values) -> Result<Vec<Value>, HelmError> {
        Release::of_chart("r", self.0.path().into()).render(values)
    }

    pub(crate) fn render(&self, values: &Values) -> Vec<Value> {
        self.helm(values).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn refusal(&self, values: &Values) -> String {
        match self.helm(values) {
            Err(HelmError::Refused(message)) => message,
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("helm rendered what it should refuse: {values:?}"),
        }
    }

    /// The lines on settings, as the chart prints them.
    fn problems(&self, config: &Value) -> Vec<String> {
        let message = self.refusal(&Values::none().document(json!({ "config": config })));
        let lines = message.lines().filter_map(|line| line.trim().strip_prefix("config."));
        lines.map(str::to_owned).collect()
    }
}

/// A value of each type, and the text of it that the process gets.
fn each_type() -> [(&'static str, Value, &'static str); 10] {
    [
        ("FEATURE", json!(true), "true"),
        // Five characters in nine bytes.
        ("GREETING", json!("<ä&😀>"), "<ä&😀>"),
        ("MODE", json!("slow"), "slow"),
        ("ORIGINS", json!(["a,b", "q\"\\", "<&>"]), r#"["a,b","q\"\\","<&>"]"#),
        ("PORTS", json!([80, 443]), r#"["80","443"]"#),
        ("RATIO", json!(0.1), "0.1"),
        ("REGION", json!("eu"), "eu"),
        ("SIZE", json!(12_345_678), "12345678"),
        ("TIMEOUT", json!("30s"), "30s"),
        ("TOKEN", json!("t"), "t"),
    ]
}

pub(crate) fn accepted() -> Value {
    each_type()
        .into_iter()
        .map(|(key, value, _)| (key.to_owned(), value))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

pub(crate) fn with(changes: &[(&str, Value)]) -> Values {
    let mut config = accepted();
    for (key, value) in changes {
        config[*key] = value.clone();
    }
    Values::none().document(json!({ "config": config }))
}

#[test]
fn vendored_library_is_its_source() {
    let vendored = files(&chart_dir().join("charts/confpath"));
    let source = files(&library_dir());
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&vendored), names(&source));
    for (path, bytes) in &source {
        assert!(vendored[path] == *bytes, "charts/myapp/charts/confpath/{} differs", path.display());
    }
}

#[test]
fn named_templates_carry_their_charts_name() {
    for (folder, prefix) in [(library_dir(), "confpath."), (chart_dir(), "myapp.")] {
        let mut n_templates = 0;
        for (path, bytes) in files(&folder.join("templates")) {
            let text = String::from_utf8(bytes).unwrap();
            for name in text.split("define \"").skip(1) {
                assert!(name.starts_with(prefix), "{}: {}", path.display(), name.lines().next().unwrap());
                n_templates += 1;
            }
        }
        assert!(n_templates > 10, "{}", folder.display());
    }
}

#[test]
fn library_names_no_service() {
    for (path, bytes) in files(&library_dir().join("templates")) {
        assert!(!String::from_utf8(bytes).unwrap().to_lowercase().contains("myapp"), "{}", path.display());
    }
}

#[test]
fn service_made_from_nothing_gets_all_objects() {
    let shop = Shop::new();
    let objects = shop.render(&with(&[]));
    let mut names: Vec<_> = objects.iter().map(identity).collect();
    names.sort();
    let expected = [
        "ConfigMap/r-shop",
        "Deployment/r-shop",
        "NetworkPolicy/r-shop",
        "PodDisruptionBudget/r-shop",
        "Secret/r-shop",
        "Service/r-shop",
        "ServiceAccount/r-shop",
    ];
    assert_eq!(names, expected);
    let pod = &deployment_pod(&objects)["spec"];
    assert_eq!(restricted_violations(pod), Vec::<String>::new());
    let container = container(&objects);
    assert_eq!(container["image"], "shop:1.2.3");
    assert_eq!(container["ports"], json!([{"name": "http", "containerPort": 8000, "protocol": "TCP"}]));
    let mount = json!([{"name": "config", "mountPath": "/etc/confpath", "readOnly": true}]);
    assert_eq!(container["volumeMounts"], mount);
    for absent in ["env", "startupProbe", "livenessProbe", "readinessProbe"] {
        assert!(container.get(absent).is_none(), "{absent}");
    }
    let more = with(&[]).set("autoscaling.enabled", "true").set("resources.requests.cpu", "1");
    let more = more.set("ingress.enabled", "true").set("ingress.hosts[0].host", "a.example");
    let more =
        more.set("ingress.hosts[0].paths[0].path", "/").set("ingress.hosts[0].paths[0].pathType", "Prefix");
    let more = more.set("httpRoute.enabled", "true").set("httpRoute.parentRefs[0].name", "g");
    let objects = shop.render(&more);
    for kind in ["HorizontalPodAutoscaler", "Ingress", "HTTPRoute"] {
        assert_eq!(of_kind(&objects, kind).len(), 1, "{kind}");
    }
}

#[test]
fn setting_of_each_type_reaches_its_file() {
    let objects = Shop::new().render(&with(&[]));
    let directory = tempfile::tempdir().unwrap();
    mount_projected(&objects, directory.path()).unwrap();
    for (key, _, text) in each_type() {
        let folder = if key == "TOKEN" { "secrets" } else { "config" };
        let read = fs::read_to_string(directory.path().join(folder).join(key)).unwrap();
        assert_eq!(read, text, "{key}");
    }
    assert!(directory.path().join("config/CONFIG_SEAL").exists());
    assert!(!directory.path().join("config/NOTE").exists(), "optional and not given");
}

#[test]
fn setting_of_each_type_reaches_its_variable() {
    let objects = Shop::new().render(&with(&[("delivery", json!("env"))]));
    for (key, _, _) in each_type() {
        let reference = if key == "TOKEN" { "secretKeyRef" } else { "configMapKeyRef" };
        let source = json!({reference: {"name": "r-shop", "key": key, "optional": true}});
        let variable = json!({"name": key, "valueFrom": source});
        assert!(items(container(&objects), "/env").contains(&variable), "{key}");
    }
    assert!(deployment_pod(&objects)["metadata"]["annotations"]["checksum/config"].is_string());
    assert!(container(&objects).get("volumeMounts").is_none());
}

#[test]
fn changed_restart_setting_replaces_pods() {
    let shop = Shop::new();
    let checksum = |changes: &[(&str, Value)]| {
        let objects = shop.render(&with(changes));
        let annotations = &deployment_pod(&objects)["metadata"]["annotations"];
        annotations["checksum/config"].as_str().map(str::to_owned)
    };
    assert_eq!(checksum(&[]), None, "no setting takes a restart");
    let mut contract: Value = serde_json::from_str(include_str!("shop/files/contract.json")).unwrap();
    for key in ["MODE", "TOKEN"] {
        contract["keys"][key]["restart"] = json!(true);
    }
    shop.write(Path::new("files/contract.json"), contract.to_string().as_bytes());
    let before = checksum(&[]);
    assert!(before.is_some());
    assert_ne!(checksum(&[("MODE", json!("fast")), ("NOTE", json!("n"))]), before);
    for other in [("SIZE", json!(7)), ("TOKEN", json!("u"))] {
        assert_eq!(checksum(&[other]), before, "a digest of a secret would give it away");
    }
}

#[test]
fn number_arrives_in_plain_decimal_or_not() {
    let shop = Shop::new();
    for (number, text) in [
        (json!(0), "0"),
        (json!(1.5), "1.5"),
        (json!(3.0), "3"),
        (json!(0.0001), "0.0001"),
        (json!(-2_000_000), "-2000000"),
        (json!(123_456.789), "123456.789"),
        (json!(9_007_199_254_740_991_u64), "9007199254740991"),
        (json!("1000000000000000000000"), "1000000000000000000000"),
    ] {
        let objects = shop.render(&with(&[("RATIO", number)]));
        assert_eq!(data(only(&objects, "ConfigMap"), "RATIO").as_deref(), Some(text.as_bytes()));
    }
    for number in [json!(1e21), json!(-1e21), json!(9_007_199_254_740_992_u64), json!(0.00001), json!(-0.0)] {
        let sentence = "RATIO: is read in different ways by readers of YAML: quote it";
        let mut config = accepted();
        config["RATIO"] = number;
        assert_eq!(shop.problems(&config), [sentence]);
    }
}

#[test]
fn every_problem_comes_in_contract_words() {
    let config = json!({
        "FEATURE": "1", "GREETING": "ää😀äää", "MODE": "fast", "ORIGINS": ["", "", "", ""], "PORTS": "1, 0", "RATIO": "1e3", "SIZE": 1.5,
        "TIMEOUT": "30 s", "TOKEN": "a\tb",
    });
    assert_eq!(
        Shop::new().problems(&config),
        [
            "FEATURE: must be true or false",
            "GREETING: must have 1 to 5 characters",
            "ORIGINS: must be a list of at most 3 items",
            "PORTS: item 2 must be a whole number from 1 to 99999",
            "RATIO: must be a number",
            "SIZE: must be a whole number of at least 0",
            "TIMEOUT: must be a duration such as 250ms, 30s, 5m or 2h",
            "TOKEN: contains a control character such as a newline or NUL",
            "NOTE: is required, since MODE is fast",
            "REGION: is required and not given",
        ]
    );
}

#[test]
fn value_of_another_type_is_named() {
    let config = json!({
        "FEATURE": 1, "GREETING": "hi", "MODE": true, "ORIGINS": ["a", 1.10], "PORTS": ["80\n"], "RATIO": [1], "REGION": {"a": "b"},
        "SIZE": false, "TIMEOUT": 30, "TOKEN": 5,
    });
    let quote = |kind: &str| format!("YAML read it as {kind}; quote it (on the command line: --set-string)");
    assert_eq!(
        Shop::new().problems(&config),
        [
            format!("FEATURE: {}", quote("a number")),
            format!("MODE: {}", quote("a boolean")),
            "ORIGINS: item 2 is a number: quote it".to_owned(),
            "PORTS: contains a control character such as a newline or NUL".to_owned(),
            "RATIO: is a list, and must be a number".to_owned(),
            "REGION: is a mapping, and must be lower-case letters".to_owned(),
            "SIZE: must be a whole number of at least 0".to_owned(),
            format!("TIMEOUT: {}", quote("a number")),
            format!("TOKEN: {}", quote("a number")),
        ]
    );
}

#[test]
fn list_as_text_follows_its_grammar() {
    let shop = Shop::new();
    for text in ["", "a, b ,c", r#"["a" , "\"\\"]"#, "[ ]", "[1,true,-0.5]", "a,,b", "😀😀😀😀😀😀😀😀😀"]
    {
        let objects = shop.render(&with(&[("ORIGINS", json!(text))]));
        assert_eq!(data(only(&objects, "ConfigMap"), "ORIGINS").as_deref(), Some(text.as_bytes()), "{text}");
    }
    let broken = "ORIGINS: must be a list of at most 3 items";
    let long = "ORIGINS: item 1 must be any text of at most 9 characters";
    for (text, sentence) in [
        ("[", broken),
        (r#"["a",]"#, broken),
        (r#"["\n"]"#, broken),
        ("[01]", broken),
        ("[null]", broken),
        (r#"[["a"]]"#, broken),
        ("a,b,c,d", broken),
        ("aaaaaaaaaa", long),
        (r#"["\"\"\"\"\"\"\"\"\"\""]"#, long),
    ] {
        let mut config = accepted();
        config["ORIGINS"] = json!(text);
        assert_eq!(shop.problems(&config), [sentence], "{text}");
    }
    // Only the blank U+0020 is not part of an item.
    let mut config = accepted();
    config["PORTS"] = json!("80,\u{a0}443");
    assert_eq!(shop.problems(&config), ["PORTS: item 2 must be a whole number from 1 to 99999"]);
}

#[test]
fn absent_values_are_left_to_the_process() {
    let shop = Shop::new();
    let config = json!({"REGION": "eu", "SIZE": null, "ORIGINS": null, "TOKEN": ""});
    let values = Values::none().document(json!({"config": config, "existingSecret": "s"}));
    let objects = shop.render(&values);
    assert_eq!(data_keys(only(&objects, "ConfigMap")), ["CONFIG_SEAL", "REGION"]);
    let elsewhere = Values::none()
        .document(json!({"config": {"TOKEN": "t"}, "extraEnv": [{"name": "REGION", "value": "eu"}]}));
    shop.render(&elsewhere);
}

#[test]
fn unknown_field_of_service_file_is_refused() {
    let shop = Shop::new();
    let service = json!({"port": 8000, "adminport": 9090, "verify": {"args": ["verify"]}, "hooks": {"envs": "shop.env"}});
    shop.write(Path::new("files/service.json"), service.to_string().as_bytes());
    let message = shop.refusal(&with(&[]));
    for sentence in [
        "files/service.json: there is no field adminport",
        "files/service.json: there is no hook envs",
        "files/service.json: verify needs adminPort",
    ] {
        assert!(message.contains(sentence), "{message}");
    }
}

#[test]
fn hooks_are_found_under_another_chart_name() {
    let shop = Shop::new();
    let service = json!({"port": 8000, "hooks": {"env": "shop.env"}});
    shop.write(Path::new("files/service.json"), service.to_string().as_bytes());
    let hook = "{{ define \"shop.env\" }}- name: HOOKED\n  value: \"{{ .Chart.Name }}\"{{ end }}";
    shop.write(Path::new("templates/_hooks.tpl"), hook.as_bytes());
    let umbrella = tempfile::tempdir().unwrap();
    let chart = "apiVersion: v2\nname: umbrella\nversion: 0.1.0\ndependencies:\n  - {name: shop, version: 1.2.3, alias: first, repository: file://x}\n  - {name: shop, version: 1.2.3, alias: second, repository: file://x}\n";
    fs::write(umbrella.path().join("Chart.yaml"), chart).unwrap();
    for (path, bytes) in files(shop.0.path()) {
        let path = umbrella.path().join("charts/shop").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let values = json!({"first": {"config": accepted()}, "second": {"config": accepted()}});
    let release = Release::of_chart("r", umbrella.path().into());
    let objects = release.render(&Values::none().document(values)).unwrap_or_else(|error| panic!("{error}"));
    let deployments = of_kind(&objects, "Deployment");
    let hooked: Vec<_> = deployments
        .iter()
        .map(|pod| &pod["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"])
        .collect();
    assert_eq!(hooked, ["first", "second"]);
}
