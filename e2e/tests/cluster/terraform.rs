//! Terraform's deliverables: its values and its Secret, applied to the cluster by Helm and by hand; and, if the registry's
//! providers are available, Terraform itself.

use std::collections::BTreeSet;
use std::fs;

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::secret_scan::Search;
use e2e::terraform::Root;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use serde_json::{Value, json};

use crate::support::{create_secret, pod_names};
use crate::walkthrough::{CURL, KNOWN_ANSWER, follow};

const RELEASE_VALUES: &str = "terraform/envs/local/tests/release-values.json";
const SECRET: &str = "myapp-secrets";

const APPLY: [&str; 3] = ["apply", "-auto-approve", "-no-color"];
const PLAN_FOR_A_SCRIPT: [&str; 3] = ["plan", "-detailed-exitcode", "-no-color"];

#[test]
fn terraform_values_and_secret_give_known_157_bytes() {
    in_namespace(async |ns| {
        create_secret(ns, SECRET, json!({ "SECRET_KEY": "Secr3tXyz", "DB_PASSWORD": "passw0rdXyZ" })).await;
        ns.install("myapp", &["--values", RELEASE_VALUES]).await;
        assert_eq!(follow(ns, &[CURL]).await, [KNOWN_ANSWER]);
        assert_eq!(KNOWN_ANSWER.len(), 157);
    });
}

#[test]
fn drift_sets_exit_status_and_names_difference() {
    in_namespace(async |ns| {
        create_secret(ns, SECRET, json!({ "SECRET_KEY": "Secr3tXyz", "DB_PASSWORD": "passw0rdXyZ" })).await;
        ns.install("myapp", &["--values", RELEASE_VALUES]).await;
        // Leaves a pod of the release that is no replica.
        ns.sh("helm test myapp").await.succeeded();
        // The folder has no state, whatever the developer's own env has.
        let drift = format!("cargo xtask drift --env docs --namespace {}", ns.name());
        let same = ns.sh(&drift).await.succeeded();
        assert!(same.contains("no Terraform state in docs") && !same.contains("differs"), "{same}");
        assert_eq!(same.matches(" converged").count(), 2, "{same}");

        ns.sh("kubectl scale deployment myapp --replicas=1").await.succeeded();
        let scaled = ns.sh(&drift).await;
        assert_eq!(scaled.code, Some(2), "{}{}", scaled.stdout, scaled.stderr);
        let line = scaled.stdout.lines().find(|line| line.starts_with("objects "));
        assert!(
            line.is_some_and(|line| line.contains("Deployment/myapp") && line.ends_with("differs")),
            "{line:?}"
        );

        let nowhere = ns.sh(&format!("{drift} --context nowhere")).await;
        assert_eq!(nowhere.code, Some(3), "{}{}", nowhere.stdout, nowhere.stderr);
    });
}

/// The env in the test's namespace, with access to the test's cluster.
struct Env {
    root: Root,
    kubeconfig: String,
    context: String,
}

impl Env {
    async fn of(ns: &Namespace) -> Self {
        let root = Root::copy("envs/local");
        let flattened = ns.sh("kubectl config view --flatten --minify --raw").await.succeeded();
        let kubeconfig = root.path().join("kubeconfig");
        fs::write(&kubeconfig, flattened).unwrap();
        let env = Self { kubeconfig: kubeconfig.to_str().unwrap().into(), context: ns.name().into(), root };
        env.edit("name        = \"myapp\"", &format!("name = \"myapp\"\n  namespace = \"{}\"", ns.name()));
        env
    }

    /// Edits `myapp_1.tf`, as a person would.
    fn edit(&self, from: &str, to: &str) {
        let file = self.root.path().join("myapp_1.tf");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(file, text.replace(from, to)).unwrap();
    }

    fn inputs<'a>(&'a self, secret_key: &'a str, db_password: &'a str) -> [(&'static str, &'a str); 4] {
        [
            ("kubeconfig", &self.kubeconfig),
            ("kube_context", &self.context),
            ("myapp_secret_key", secret_key),
            ("myapp_db_password", db_password),
        ]
    }
}

#[test]
#[ignore = "needs terraform and the registry's providers"]
fn terraform_apply_serves_157_bytes_then_plans_empty() {
    in_namespace(async |ns| {
        let env = Env::of(ns).await;
        let inputs = env.inputs("Secr3tXyz", "passw0rdXyZ");
        env.root.run(&APPLY, &inputs);
        ns.rolled_out("myapp").await;
        assert_eq!(follow(ns, &[CURL]).await, [KNOWN_ANSWER]);
        env.root.run(&PLAN_FOR_A_SCRIPT, &inputs);

        let shown = env.root.json(&["output", "-json", "releases"]);
        let pinned = fs::read_to_string(e2e::helm::chart_dir().join("../..").join(RELEASE_VALUES)).unwrap();
        assert_eq!(shown["myapp_1"]["release_values"], serde_json::from_str::<Value>(&pinned).unwrap());

        let drift = format!("cargo xtask drift --env {}", env.root.path().display());
        ns.sh(&drift).await.succeeded();
        env.root.run(&["destroy", "-auto-approve"], &env.inputs("any", "text"));
        assert_eq!(pod_names(ns, "myapp").await, Vec::<String>::new());
    });
}

#[test]
#[ignore = "needs terraform and the registry's providers"]
fn rotation_replaces_pods_without_secret_in_terraform() {
    const OLD: [&str; 2] = ["MARKED-secret-key-0a51", "MARKED-db-password-77d0"];
    const NEW: [&str; 2] = ["MARKED-secret-key-b3e8", "MARKED-db-password-c14f"];
    const CONTROL: &str = "MARKED-control-5f60";
    in_namespace(async |ns| {
        let env = Env::of(ns).await;
        env.edit(
            "log_level      = \"debug\"",
            &format!("log_level = \"debug\"\n  api_base_url = \"/{CONTROL}\""),
        );
        let mut console = env.root.run(&APPLY, &env.inputs(OLD[0], OLD[1]));
        ns.rolled_out("myapp").await;
        let before = pod_names(ns, "myapp").await;

        env.edit("secret_revision = 1", "secret_revision = 2");
        let inputs = env.inputs(NEW[0], NEW[1]);
        console += &env.root.run(&APPLY, &inputs);
        ns.rolled_out("myapp").await;
        let after = pod_names(ns, "myapp").await;
        assert!(after.iter().all(|pod| !before.contains(pod)), "{before:?} {after:?}");

        let search = Search::new(&[
            ("old", OLD[0]),
            ("old", OLD[1]),
            ("new", NEW[0]),
            ("new", NEW[1]),
            ("control", CONTROL),
        ]);
        let mut kept = env.root.kept(&inputs);
        kept.push(("console", console.into_bytes()));
        for (place, content) in kept {
            let found: BTreeSet<_> =
                search.look(place, &content).into_iter().map(|finding| finding.value).collect();
            assert_eq!(found, BTreeSet::from(["control"]), "in the {place}");
        }
        for secret in ns.list::<Secret>("").await {
            let content = json!(secret).to_string();
            let found: BTreeSet<_> =
                search.look("Secret", content.as_bytes()).into_iter().map(|finding| finding.value).collect();
            let expected = if secret.name_any() == SECRET { "new" } else { "control" };
            assert_eq!(found, BTreeSet::from([expected]), "in {}", secret.name_any());
        }
    });
}

#[test]
#[ignore = "needs terraform and the registry's providers"]
fn unready_release_is_rolled_back_and_serves_on() {
    in_namespace(async |ns| {
        let env = Env::of(ns).await;
        let inputs = env.inputs("Secr3tXyz", "passw0rdXyZ");
        env.root.run(&APPLY, &inputs);
        let before = pod_names(ns, "myapp").await;
        const LEVEL: &str = "log_level      = \"debug\"";
        let nowhere = "image = { repository = \"127.0.0.1:1/nothing\" }\n  timeout_seconds = 30";
        env.edit(LEVEL, &format!("{LEVEL}\n  {nowhere}"));
        let outcome = env.root.outcome(&APPLY, &inputs);
        assert!(outcome.code == Some(1) && outcome.text.contains("has been rolled back"), "{}", outcome.text);
        assert_eq!(pod_names(ns, "myapp").await, before);
        assert_eq!(follow(ns, &[CURL]).await, [KNOWN_ANSWER]);

        env.edit(nowhere, "");
        env.root.run(&APPLY, &inputs);
        env.root.run(&PLAN_FOR_A_SCRIPT, &inputs);
        assert_eq!(pod_names(ns, "myapp").await, before);
    });
}

/// By the command of the env's README.
#[test]
#[ignore = "needs terraform and the registry's providers"]
fn existing_release_is_imported_without_secrets() {
    const SECRETS: [&str; 2] = ["MARKED-secret-key-4be9", "MARKED-db-password-e210"];
    in_namespace(async |ns| {
        // The upgrade takes the chart's own Secret from the pods that are there until they are replaced.
        ns.logs.expect("configuration rejected");
        let given = [("config.SECRET_KEY", "old"), ("config.DB_PASSWORD", "old")]
            .map(|(name, value)| format!("--set={name}={value}"));
        ns.install("myapp", &given.each_ref().map(String::as_str)).await;
        let env = Env::of(ns).await;
        let inputs = env.inputs(SECRETS[0], SECRETS[1]);
        let release = format!("{}/myapp", ns.name());
        let import = ["import", "-no-color", "module.myapp_1.helm_release.myapp", &release];
        let mut console = env.root.run(&import, &inputs);
        console += &env.root.run(&APPLY, &inputs);
        ns.rolled_out("myapp").await;
        env.root.run(&PLAN_FOR_A_SCRIPT, &inputs);

        let search = Search::new(&[("secret", SECRETS[0]), ("secret", SECRETS[1])]);
        let mut kept = env.root.kept(&inputs);
        kept.push(("console", console.into_bytes()));
        for (place, content) in kept {
            let found = search.look(place, &content);
            assert!(found.is_empty(), "{found:#?}");
        }
        let names: Vec<_> = ns.list::<Secret>("").await.iter().map(|secret| secret.name_any()).collect();
        assert!(names.iter().any(|name| name == SECRET), "{names:?}");
    });
}
