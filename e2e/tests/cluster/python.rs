//! A service in Python: from an empty folder to a running pod by what `confpath init` writes, and five more settings by one edit.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use e2e::confpath;
use e2e::harness::command::{self, Outcome};
use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::python_image::PythonRoot;
use e2e::harness::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::registry::{is_node_this_machine, skip};
use crate::support::MASK;

/// Limit of the way from an empty folder to an answer.
const LIMIT: Duration = Duration::from_secs(300);
const PORT: u16 = 8000;
const TOKEN: &str = "warehouse-t0ken";

#[test]
fn new_repository_reaches_a_pod_in_minutes() {
    if !is_node_this_machine() {
        return skip();
    }
    in_namespace(async |ns| {
        confpath::binary().unwrap();
        let began = Instant::now();
        let shop = Repository::new(ns).await;
        shop.sh(ns, &shop.steps()[0]).await.succeeded();
        shop.push("0.1.0");
        shop.write("secrets.env", &format!("API_TOKEN={TOKEN}\n"));
        shop.sh(ns, &shop.steps()[1]).await.succeeded();
        shop.sh(ns, &shop.steps()[2]).await.succeeded();
        let defaults = json!({ "api_token": MASK, "greeting": "Hello", "log_level": "info" });
        assert_eq!(shop.config(ns).await, defaults);
        let took = began.elapsed();
        report(&format!("from an empty folder to an answer in {:.0} s", took.as_secs_f64()));
        assert!(took < LIMIT, "took {took:?}");

        change_starts_new_pods(ns, &shop).await;
        five_settings_take_one_edit(ns, &shop).await;
    });
}

/// Changes a setting, after a value that is refused with the contract's sentence.
async fn change_starts_new_pods(ns: &Namespace, shop: &Repository) {
    let empty = json!({ "GREETING": "" });
    let refused = shop.upgrade(ns, &empty, &[]).await.refused_with(1);
    let sentence = "GREETING: must have 1 to 40 characters, has 0";
    assert_eq!(shop.problems(&empty), [sentence]);
    // Helm's template engine counts, and keeps the number back like the value.
    assert!(refused.contains("config.GREETING: must have 1 to 40 characters\n"), "{refused}");

    shop.upgrade(ns, &json!({ "GREETING": "Good day" }), &[]).await.succeeded();
    assert_eq!(shop.config(ns).await["greeting"], "Good day");
}

/// Adds settings of five kinds: the contract is edited, everything else is generated.
async fn five_settings_take_one_edit(ns: &Namespace, shop: &Repository) {
    let mut contract: Value = serde_json::from_str(&shop.read("contract.json")).unwrap();
    let five: Value = serde_json::from_str(include_str!("shop/five-settings.json")).unwrap();
    contract["properties"].as_object_mut().unwrap().extend(five.as_object().unwrap().clone());
    shop.write("contract.json", &contract.to_string());
    shop.sh(ns, &shop.steps()[0]).await.succeeded();
    shop.push("0.2.0");
    let image = ["--set", "image.tag=0.2.0"];

    let bad = json!({
        "FEATURE_X": "yes", "ALLOWED_ORIGINS": ["a", "b", "c", "d"], "TIMEOUT": "10m", "MODE": "quick", "SAMPLE_RATIO": 1.5,
    });
    let refused = shop.upgrade(ns, &bad, &image).await.refused_with(1);
    let problems = shop.problems(&bad);
    assert_eq!(problems.len(), 5, "{problems:?}");
    for problem in problems {
        assert!(refused.contains(&format!("config.{problem}\n")), "{problem}: {refused}");
    }

    shop.upgrade(ns, &json!({}), &image).await.succeeded();
    let defaults = json!({
        "allowed_origins": [], "api_token": MASK, "feature_x": false, "greeting": "Hello", "log_level": "info", "mode": "fast",
        "sample_ratio": null, "timeout": 30.0,
    });
    assert_eq!(shop.config(ns).await, defaults);
    let good = json!({
        "FEATURE_X": true, "ALLOWED_ORIGINS": ["https://a.example", "https://b.example"], "TIMEOUT": "2m", "MODE": "safe",
        "SAMPLE_RATIO": 0.25,
    });
    shop.upgrade(ns, &good, &image).await.succeeded();
    let expected = json!({
        "allowed_origins": ["https://a.example", "https://b.example"], "api_token": MASK, "feature_x": true, "greeting": "Hello",
        "log_level": "info", "mode": "safe", "sample_ratio": 0.25, "timeout": 120.0,
    });
    assert_eq!(shop.config(ns).await, expected);
}

/// The repository of a service in Python, in a folder of its own, with a registry for its image.
struct Repository {
    folder: TempDir,
    root: PythonRoot,
    registry: Registry,
}

impl Repository {
    /// The service's own files, on the path by `confpath init`, and with its settings in the contract.
    async fn new(ns: &Namespace) -> Self {
        let shop = Self {
            folder: tempfile::tempdir().unwrap(),
            root: PythonRoot::new(),
            registry: Registry::open(),
        };
        shop.write("shop/__main__.py", include_str!("shop/shop/__main__.py"));
        shop.write("Dockerfile", include_str!("shop/Dockerfile"));
        let image = shop.image();
        let init = format!("confpath init shop --image {image} --port {PORT} --language python");
        shop.sh(ns, &init).await.succeeded();
        shop.write("contract.json", include_str!("shop/contract.json"));
        shop
    }

    fn image(&self) -> String {
        format!("{}/shop", self.registry.address())
    }

    /// Builds and pushes the image.
    fn push(&self, tag: &str) {
        self.root.push(self.folder.path(), &format!("{}:{tag}", self.image()));
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The commands of the README, block by block.
    fn steps(&self) -> Vec<String> {
        let readme = self.read("README.md");
        let blocks = readme.split("```sh\n").skip(1);
        let steps: Vec<_> = blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect();
        assert_eq!(steps.len(), 3, "{readme}");
        steps
    }

    /// Runs lines of a shell in the repository, as a person without Rust.
    async fn sh(&self, ns: &Namespace, script: &str) -> Outcome {
        let mut shell = ns.shell(&format!("set -e\n{script}"));
        shell.current_dir(self.folder.path()).env("PATH", path_without_rust());
        command::run(shell, "").await
    }

    /// The last step of the README, with settings below `config:` and with more arguments.
    async fn upgrade(&self, ns: &Namespace, config: &Value, arguments: &[&str]) -> Outcome {
        self.write("target.json", &json!({ "config": config }).to_string());
        let install = self.steps()[2].trim_end().to_owned();
        self.sh(ns, &format!("{install} --values target.json {}", arguments.join(" "))).await
    }

    /// The problems that `confpath check` finds in settings below `config:`.
    fn problems(&self, config: &Value) -> Vec<String> {
        self.write("target.json", &json!({ "config": config }).to_string());
        let values = self.path("target.json");
        let flags = ["--without-secrets".as_ref(), "--values".as_ref(), values.as_os_str()];
        confpath::problems(&self.path("contract.json"), &flags).unwrap()
    }

    /// The settings that all pods have in force.
    async fn config(&self, ns: &Namespace) -> Value {
        ns.rolled_out("shop").await;
        let mut answers = Vec::new();
        for pod in crate::support::pod_names(ns, "shop").await {
            answers.push(ns.get(&pod, PORT, "/config").await);
        }
        answers.dedup();
        let [answer] = &answers[..] else { panic!("pods differ: {answers:?}") };
        serde_json::from_str(answer).unwrap()
    }
}

/// `PATH` with confpath, and without cargo.
fn path_without_rust() -> OsString {
    let tool = confpath::binary().unwrap().parent().map(Path::to_owned);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).filter(|folder| !folder.join("cargo").exists());
    std::env::join_paths(tool.into_iter().chain(others)).unwrap()
}

#[expect(clippy::print_stderr, reason = "the figure is to be seen")]
fn report(figure: &str) {
    eprintln!("{figure}");
}
