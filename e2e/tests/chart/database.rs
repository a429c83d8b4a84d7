//! A database server outside the release: what its values become, and which of them are refused.

use e2e::entry_points::mounted_accepts;
use e2e::helm::{Release, Values};
use e2e::kubelet_volume::mount_projected;
use e2e::objects::{find, identity, items, of_kind, text};
use serde_json::{Value, json};

use crate::support::{ci_file, container, deployment_pod, only, refusal, render};

/// A server, and everything it needs, where the chart makes the Secret.
fn server(host: &str) -> Values {
    Values::minimal().set("config.DB_PASSWORD", "p123").set_string("database.host", host)
}

fn database_url(objects: &[Value]) -> &str {
    text(only(objects, "ConfigMap"), "/data/DATABASE_URL")
}

fn variable<'a>(objects: &'a [Value], name: &str) -> Option<&'a Value> {
    items(container(objects), "/env").iter().find(|variable| variable["name"] == name)
}

/// The files of secrets, each with the Secret and the key it comes from.
fn secret_files(objects: &[Value]) -> Vec<(&str, &str, &str)> {
    let volumes = items(deployment_pod(objects), "/spec/volumes");
    let sources = volumes.iter().flat_map(|volume| items(volume, "/projected/sources"));
    let secrets = sources.filter_map(|source| source.get("secret"));
    let mut files: Vec<_> = secrets
        .flat_map(|secret| items(secret, "/items").iter().map(move |item| (secret, item)))
        .map(|(secret, item)| (text(item, "/path"), text(secret, "/name"), text(item, "/key")))
        .collect();
    files.sort_unstable();
    files
}

#[test]
fn database_server_is_not_rendered_without_host() {
    let objects = render(&Values::minimal());
    assert!(only(&objects, "ConfigMap")["data"].get("DATABASE_URL").is_none());
    assert_eq!(variable(&objects, "MYAPP_DATABASE_HOST").unwrap()["value"], "localhost");
    let pod = deployment_pod(&objects);
    assert!(
        pod["metadata"].get("annotations").is_none_or(|all| all.get("database/server").is_none()),
        "{pod}"
    );
    assert!(!pod["spec"].to_string().contains("database-ca"), "{pod}");
}

#[test]
fn postgres_profile_names_host_user_and_verification() {
    let objects = render(&ci_file("postgres"));
    let host = "myapp.c0ffee.eu-central-1.rds.amazonaws.com";
    let url = format!(
        "postgres://myapp@{host}:5432/myapp?sslmode=verify-full&sslrootcert=/etc/myapp-database/ca.crt"
    );
    assert_eq!(database_url(&objects), url);
    assert_eq!(variable(&objects, "MYAPP_DATABASE_HOST").unwrap()["value"], host);
    let expected = [
        ("secrets/CACHE_PASSWORD", "myapp-secrets", "CACHE_PASSWORD"),
        ("secrets/CACHE_USER", "myapp-secrets", "CACHE_USER"),
        ("secrets/DB_PASSWORD", "myapp-database", "password"),
        ("secrets/DB_USER", "myapp-secrets", "DB_USER"),
        ("secrets/SECRET_KEY", "myapp-secrets", "SECRET_KEY"),
    ];
    assert_eq!(secret_files(&objects), expected);
    assert_eq!(of_kind(&objects, "Secret").len(), 0, "no secret passes through Helm");
}

#[test]
fn ca_bundle_is_mounted_at_url_path() {
    for delivery in ["files", "env"] {
        let objects = render(&ci_file("postgres").set("config.delivery", delivery));
        let volumes = items(deployment_pod(&objects), "/spec/volumes");
        let volume = volumes.iter().find(|volume| volume["name"] == "database-ca").unwrap();
        let config_map = &volume["configMap"];
        assert_eq!((&config_map["name"], &config_map["optional"]), (&json!("rds-ca"), &json!(true)));
        let item = &config_map["items"][0];
        assert_eq!(item["key"], "global-bundle.pem");
        let mounts = items(container(&objects), "/volumeMounts");
        let mount = mounts.iter().find(|mount| mount["name"] == "database-ca").unwrap();
        assert_eq!(mount["readOnly"], true);
        assert!(mount.get("subPath").is_none(), "a subPath mount never changes");
        let path = format!("{}/{}", text(mount, "/mountPath"), text(item, "/path"));
        assert!(database_url(&objects).ends_with(&format!("&sslrootcert={path}")), "{path}");
    }
}

#[test]
fn env_delivery_takes_password_from_same_secret() {
    let objects = render(&ci_file("postgres").set("config.delivery", "env"));
    let source = |name: &str| variable(&objects, name).unwrap()["valueFrom"]["secretKeyRef"].clone();
    let reference = |name: &str, key: &str| json!({"name": name, "key": key, "optional": true});
    assert_eq!(source("DB_PASSWORD"), reference("myapp-database", "password"));
    assert_eq!(source("SECRET_KEY"), reference("myapp-secrets", "SECRET_KEY"));
}

#[test]
fn password_without_own_secret_joins_other_secrets() {
    for (values, name) in [
        (server("db.example.com"), "r-myapp"),
        (ci_file("postgres").set("database.existingSecret", ""), "myapp-secrets"),
        // One Secret for both, with a key of another name.
        (ci_file("postgres").set("database.existingSecret", "myapp-secrets"), "myapp-secrets"),
    ] {
        let objects = render(&values);
        let files = secret_files(&objects);
        assert_eq!(
            files.iter().map(|file| file.0).collect::<Vec<_>>(),
            [
                "secrets/CACHE_PASSWORD",
                "secrets/CACHE_USER",
                "secrets/DB_PASSWORD",
                "secrets/DB_USER",
                "secrets/SECRET_KEY"
            ]
        );
        assert!(files.iter().all(|file| file.1 == name), "{files:?}");
    }
}

#[test]
fn rendered_database_url_is_accepted_by_process() {
    for (host, authority) in [
        ("db.example.com", "db.example.com:5432"),
        ("db", "db:5432"),
        ("10.0.0.7", "10.0.0.7:5432"),
        ("2001:db8::7", "[2001:db8::7]:5432"),
        ("::1", "[::1]:5432"),
    ] {
        let objects = render(&server(host).set("database.user", "app-1").set("database.name", "a.b_c"));
        assert_eq!(database_url(&objects), format!("postgres://app-1@{authority}/a.b_c?sslmode=verify-full"));
        assert_eq!(variable(&objects, "MYAPP_DATABASE_HOST").unwrap()["value"], host);
        let directory = tempfile::tempdir().unwrap();
        mount_projected(&objects, directory.path()).unwrap();
        assert!(mounted_accepts(directory.path()), "{host}");
    }
}

#[test]
fn malformed_database_values_are_refused_and_never_repeated() {
    for (part, value) in [
        ("host", "db.example.com:5432"),
        ("host", "db:5432"),
        ("host", "postgres://db.example.com"),
        ("host", "app:CANARY@db.example.com"),
        ("host", "db.example.com/CANARY"),
        ("host", "db.example.com."),
        ("host", "-db"),
        ("host", "a b"),
        ("host", "db\n"),
        ("host", "[::1]"),
        ("user", "app:CANARY"),
        ("user", "-app"),
        ("user", ""),
        ("name", "data?options=CANARY"),
        ("name", "a/b"),
        ("name", ""),
    ] {
        let document = json!({ "database": { part: value } });
        let values = Values::minimal().set("config.DB_PASSWORD", "p123").document(document);
        let values = if part == "host" { values } else { values.set("database.host", "db.example.com") };
        let message = refusal(&values);
        assert!(message.contains(&format!("database.{part}: expected ")), "{part}={value:?}: {message}");
        assert!(!message.contains("CANARY"), "{part}={value:?}: {message}");
    }
}

#[test]
fn contradictory_or_incomplete_database_values_are_refused() {
    let elsewhere = || server("db.example.com");
    let own_secret = || ci_file("postgres");
    for (values, sentence) in [
        (
            elsewhere().set("config.DATABASE_URL", "sqlite:a.db"),
            "config.DATABASE_URL: given together with database.host; give one of them",
        ),
        (
            elsewhere().set("database.existingSecret", "s"),
            "config.DB_PASSWORD: given together with database.existingSecret; give one of them",
        ),
        (
            Values::minimal().set("database.existingSecret", "s"),
            "database.existingSecret: given without database.host, so that the pods would use no server",
        ),
        (Values::minimal().set("database.auth", "iam"), "database.auth: given without database.host"),
        (
            Values::minimal().set("database.caBundle.configMap", "c"),
            "database.caBundle.configMap: given without database.host",
        ),
        (
            elsewhere().set("config.DB_PASSWORD", ""),
            "config.DB_PASSWORD: is required, since DATABASE_URL names a server",
        ),
        (own_secret().set("existingSecret", ""), "config.SECRET_KEY: is required"),
        (
            own_secret().set("volumes[0].name", "database-ca"),
            r#"volumes: the chart has a volume "database-ca" of its own"#,
        ),
        (
            elsewhere().set("extraEnv[0].name", "MYAPP_DATABASE_HOST"),
            "extraEnv: the chart sets MYAPP_DATABASE_HOST itself",
        ),
    ] {
        let message = refusal(&values);
        assert!(message.contains(sentence), "expected: {sentence}\ngot: {message}");
    }
    // The chart does not require the password of a Secret that it does not create.
    let message = refusal(&own_secret().set("existingSecret", ""));
    assert!(!message.contains("DB_PASSWORD"), "{message}");
}

#[test]
fn malformed_database_value_is_named_by_path() {
    for (path, value, place) in [
        ("database.existingSecretKey", "", "at '/database/existingSecretKey'"),
        ("database.existingSecretKey", "a/b", "at '/database/existingSecretKey'"),
        ("database.existingSecret", "Not A Name", "at '/database/existingSecret'"),
        ("database.caBundle.key", "", "at '/database/caBundle/key'"),
        ("database.caBundle.configMap", "Not A Name", "at '/database/caBundle/configMap'"),
        ("database.sslmode", "verify", "at '/database/sslmode': value must be one of"),
        ("database.auth", "token", "at '/database/auth': value must be one of"),
        ("database.password", "p", "at '/database': additional properties 'password' not allowed"),
    ] {
        let message = refusal(&server("db.example.com").set_string(path, value));
        assert!(message.contains(place), "{path}={value:?}: {message}");
    }
    let message = refusal(&server("db.example.com").set("database.port", "0"));
    assert!(message.contains("at '/database/port'"), "{message}");
    let message = refusal(&Values::minimal().set("database", "null"));
    assert!(message.contains("missing property 'database'"), "{message}");
}

#[test]
fn only_loopback_server_may_skip_verify_full() {
    for sslmode in ["disable", "prefer", "require", "verify-ca"] {
        for host in ["db.example.com", "10.0.0.7", "127.0.0.2", "LOCALHOST", "::2"] {
            let message = refusal(&server(host).set("database.sslmode", sslmode));
            let sentence = "at '/database/sslmode': value must be 'verify-full'";
            assert!(message.contains(sentence), "{host} {sslmode}: {message}");
        }
        for host in ["localhost", "127.0.0.1", "::1"] {
            let objects = render(&server(host).set("database.sslmode", sslmode));
            assert!(database_url(&objects).ends_with(&format!("?sslmode={sslmode}")));
            let directory = tempfile::tempdir().unwrap();
            mount_projected(&objects, directory.path()).unwrap();
            assert!(mounted_accepts(directory.path()), "{host} {sslmode}");
        }
    }
}

#[test]
fn policy_opens_database_port_unless_server_is_local() {
    let egress =
        |values: &Values| items(&only(&render(values), "NetworkPolicy")["spec"], "/egress")[2..].to_vec();
    let port = |port: u16| json!([{"port": port, "protocol": "TCP"}]);
    assert_eq!(
        egress(&server("db.example.com").set("database.port", "6432")),
        [json!({"ports": port(6432)})]
    );
    let to = json!([{"ipBlock": {"cidr": "10.0.0.0/16"}}]);
    assert_eq!(egress(&ci_file("postgres")), [json!({"ports": port(5432), "to": to})]);
    for host in ["localhost", "127.0.0.1", "::1"] {
        assert_eq!(egress(&server(host)), Vec::<Value>::new(), "{host}");
    }
    let notes = Release::named("r").notes(&ci_file("postgres")).unwrap();
    assert!(!notes.contains("WARNING"), "{notes}");
}

#[test]
fn iam_auth_opens_egress_to_identity_agent() {
    let by_password = render(&ci_file("postgres"));
    assert_eq!(variable(&by_password, "MYAPP_DATABASE_AUTH").unwrap()["value"], "password");
    let by_role = render(&ci_file("postgres").set("database.auth", "iam"));
    assert_eq!(variable(&by_role, "MYAPP_DATABASE_AUTH").unwrap()["value"], "iam");
    let agent =
        json!([{"ipBlock": {"cidr": "169.254.170.23/32"}}, {"ipBlock": {"cidr": "fd00:ec2::23/128"}}]);
    let rules = items(&only(&by_role, "NetworkPolicy")["spec"], "/egress");
    assert_eq!(rules[3], json!({"ports": [{"port": 80, "protocol": "TCP"}], "to": agent}));
    let rules_by_password = items(&only(&by_password, "NetworkPolicy")["spec"], "/egress");
    assert_eq!(rules_by_password.len(), 3, "DNS, peers and the server");
}

#[test]
fn database_server_change_replaces_pods_role_change_not() {
    let pod = |values: &Values| deployment_pod(&render(values)).clone();
    let profile = || ci_file("postgres");
    let before = pod(&profile());
    for values in [
        profile().set("database.user", "other"),
        profile().set("database.name", "other"),
        profile().set("config.MAX_CONNECTIONS", "7"),
    ] {
        assert_eq!(before, pod(&values), "{values:?}");
    }
    for values in [
        profile().set("database.host", "other.example.com"),
        profile().set("database.port", "6432"),
        profile().set("database.existingSecret", "other"),
    ] {
        assert_ne!(before, pod(&values), "{values:?}");
    }
}

#[test]
fn rendered_password_is_only_in_secret() {
    let marked = server("db.example.com").set("config.DB_PASSWORD", "MARKED-SECRET-VALUE");
    let objects = render(&marked);
    let holds = |object: &&Value| e2e::objects::contains_secret(object, "MARKED-SECRET-VALUE");
    assert_eq!(objects.iter().filter(holds).map(identity).collect::<Vec<_>>(), ["Secret/r-myapp"]);
    assert!(find(&objects, "Secret", "r-myapp").is_some());
}
