//! IAM authentication of RDS and ElastiCache: the password is a URL signed with the pod's role, good for 15 minutes.
//!
//! The role's own credentials come from the EKS Pod Identity agent on this node. They are cached until shortly before their
//! expiry; each session gets a newly signed token, without a network call.

mod sign;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use live_config::Secret;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{Audience, Host, NoToken, Pending, TokenSource};

/// Variables set in the pod by EKS: the URL of the agent, and the file with the token that authorizes the pod.
const AGENT: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const AGENT_TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const REGION: &str = "AWS_REGION";
const EKS_AGENT_V6: [u16; 8] = [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23];

/// Time before the expiry of credentials at which new ones are fetched.
const REFRESH_MARGIN: Duration = Duration::from_secs(300);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// Signs tokens with the role of this pod.
pub struct PodIdentity {
    agent: Uri,
    host: Host,
    token_file: PathBuf,
    region: String,
    credentials: Mutex<Option<Arc<Credentials>>>,
}

/// Credentials in the JSON form of the agent.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    access_key_id: String,
    secret_access_key: Secret,
    token: Secret,
    #[serde(deserialize_with = "rfc3339")]
    expiration: SystemTime,
}

impl PodIdentity {
    /// Reads the source's parameters from the environment.
    ///
    /// # Errors
    /// The variables that are missing or invalid.
    pub fn of(environment: &BTreeMap<OsString, OsString>) -> Result<Self, String> {
        let variable = |name: &str| {
            let value = environment.get(OsStr::new(name)).and_then(|value| value.to_str());
            value.ok_or_else(|| format!("needs {name}, which EKS Pod Identity sets"))
        };
        let agent: Uri = variable(AGENT)?.parse().map_err(|_| format!("{AGENT}: is no URL"))?;
        let host = agent.host().and_then(|host| host.parse().ok()).filter(is_on_this_node);
        let Some(host) = host.filter(|_| agent.scheme_str() == Some("http")) else {
            return Err(format!(
                "{AGENT}: must be a URL of the agent on this node: http:// and a loopback address, 169.254.170.2, \
                    169.254.170.23 or [fd00:ec2::23]"
            ));
        };
        Ok(Self {
            agent,
            host,
            token_file: variable(AGENT_TOKEN)?.into(),
            region: variable(REGION)?.to_owned(),
            credentials: Mutex::default(),
        })
    }

    /// Returns the cached credentials, or fetches new ones; concurrent callers wait for the same fetch.
    async fn credentials(&self) -> Result<Arc<Credentials>, NoToken> {
        let mut kept = self.credentials.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.expiration > SystemTime::now() + REFRESH_MARGIN)
        {
            return Ok(Arc::clone(kept));
        }
        match timeout(REQUEST_TIMEOUT, self.fetch()).await.ok().flatten() {
            Some(new) => Ok(Arc::clone(kept.insert(Arc::new(new)))),
            // The previous credentials remain valid for some time.
            None => kept.clone().filter(|kept| kept.expiration > SystemTime::now()).ok_or(NoToken),
        }
    }

    async fn fetch(&self) -> Option<Credentials> {
        let host = self.agent.authority()?;
        let addresses = self.host.addresses(host.port_u16().unwrap_or(80)).await.ok()?;
        let stream = TcpStream::connect(addresses.as_slice()).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let connection = tokio::spawn(connection);
        // The kubelet replaces the file's content before it ends.
        let token = Secret::from(std::fs::read_to_string(&self.token_file).ok()?);
        let mut shown = HeaderValue::from_str(token.expose().trim_end()).ok()?;
        shown.set_sensitive(true);
        let path = self.agent.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::get(path).header("host", host.as_str()).header(AUTHORIZATION, shown);
        let response = sender.send_request(request.body(Empty::<Bytes>::new()).ok()?).await.ok()?;
        let is_given = response.status().is_success();
        let body = Limited::new(response.into_body(), MAX_RESPONSE_BYTES).collect().await.ok()?;
        connection.abort();
        is_given.then(|| serde_json::from_slice(&body.to_bytes()).ok())?
    }
}

impl TokenSource for PodIdentity {
    fn token<'a>(&'a self, audience: Audience<'a>, user: &'a str) -> Pending<'a> {
        Box::pin(async move {
            let credentials = self.credentials().await?;
            let key = sign::Key {
                id: &credentials.access_key_id,
                secret: credentials.secret_access_key.expose(),
                session: Some(credentials.token.expose()),
            };
            Ok(sign::token(&key, &self.region, audience, user, SystemTime::now()).into())
        })
    }
}

/// Returns true for the addresses at which the AWS SDKs accept the agent: the pod's token must not leave the node.
fn is_on_this_node(host: &Host) -> bool {
    let agents =
        [IpAddr::from([169, 254, 170, 2]), IpAddr::from([169, 254, 170, 23]), IpAddr::from(EKS_AGENT_V6)];
    host.is_loopback() || agents.iter().any(|agent| *host == Host::Address(*agent))
}

fn rfc3339<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_rfc3339(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
