use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use tempfile::TempDir;

use super::*;

/// Plays the agent: returns credentials `one`, `two` and so on, each valid for `seconds`, and records the received tokens.
struct Agent {
    port: u16,
    shown: Receiver<String>,
    folder: TempDir,
}

impl Agent {
    fn start(seconds: &'static [u64]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, shown) = channel();
        std::thread::spawn(move || {
            for (number, seconds) in seconds.iter().enumerate() {
                let (mut stream, _) = listener.accept().unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
                let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
                tell.send(head.join("\n")).unwrap();
                let ends =
                    humantime::format_rfc3339_seconds(SystemTime::now() + Duration::from_secs(*seconds));
                let body = format!(
                    r#"{{"AccessKeyId":"key-{number}","SecretAccessKey":"hush","Token":"t","Expiration":"{ends}","AccountId":"1"}}"#
                );
                let length = body.len();
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
            }
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "for-the-agent\n").unwrap();
        Self { port, shown, folder }
    }

    fn source(&self) -> PodIdentity {
        let file = self.folder.path().join("token").into_os_string();
        let agent = format!("http://127.0.0.1:{}/v1/credentials", self.port);
        let environment = [(AGENT, agent.into()), (AGENT_TOKEN, file), (REGION, "eu-central-1".into())];
        PodIdentity::of(&environment.map(|(name, value)| (name.into(), value)).into()).unwrap()
    }
}

async fn key(source: &PodIdentity) -> Option<String> {
    let token = source.token(Audience::Database { host: "db", port: 5432 }, "app").await.ok()?;
    let (_, after) = token.expose().split_once("X-Amz-Credential=")?;
    Some(after.split('%').next()?.to_owned())
}

#[tokio::test]
async fn credentials_are_kept_until_shortly_before_their_end() {
    let agent = Agent::start(&[3600]);
    let source = agent.source();
    assert_eq!(key(&source).await.as_deref(), Some("key-0"));
    assert_eq!(key(&source).await.as_deref(), Some("key-0"));
    let shown = agent.shown.recv().unwrap();
    assert!(shown.starts_with("GET /v1/credentials HTTP/1.1"), "{shown}");
    assert!(shown.contains("authorization: for-the-agent"), "{shown}");
}

#[tokio::test]
async fn expiring_credentials_are_refreshed_and_outlive_agent() {
    let agent = Agent::start(&[60, 120]);
    let source = agent.source();
    assert_eq!(key(&source).await.as_deref(), Some("key-0"));
    assert_eq!(key(&source).await.as_deref(), Some("key-1"));
    assert_eq!(key(&source).await.as_deref(), Some("key-1"));
}

#[tokio::test]
async fn credentials_that_ended_are_not_used() {
    let agent = Agent::start(&[0]);
    let source = agent.source();
    // Fetched unconditionally, since the clocks of both may differ.
    key(&source).await;
    assert_eq!(key(&source).await, None);
}

#[test]
fn only_node_local_agent_receives_pod_token() {
    let with = |agent: &str| {
        let environment = [(AGENT, agent), (AGENT_TOKEN, "/x"), (REGION, "eu-central-1")];
        PodIdentity::of(&environment.map(|(name, value)| (name.into(), value.into())).into()).err()
    };
    for agent in
        ["[fd00:ec2::23]", "169.254.170.23", "169.254.170.2", "localhost:8080", "127.0.0.1", "[::1]:80"]
    {
        assert_eq!(with(&format!("http://{agent}/v1/credentials")), None, "{agent}");
    }
    for agent in [
        "https://169.254.170.23/",
        "http://agent.example/",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://169.254.170.23.example/",
        "http://169.254.170.23@agent.example/",
        "http://localhost.example/",
        "nothing",
    ] {
        assert!(with(agent).is_some_and(|why| why.starts_with(AGENT)), "{agent}");
    }
}
