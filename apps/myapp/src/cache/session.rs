//! One session with the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, Pipeline, RedisConnectionInfo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::bounded::Bounded;
use super::error::{CacheError, Reason};
use super::target::{Credential, Target};
use crate::backend::{Audience, Fault, Stream, client_config, connect, trusted};

/// Time limit for a response that waits for the cache: shorter than the timeout of a check, so that the reason is reported.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_millis(1500);

pub(super) struct Session {
    target: Arc<Target>,
    connection: MultiplexedConnection,
    is_exceeded: Arc<AtomicBool>,
    driver: Driver,
}

/// The task that reads from and writes to the socket. Dropping this value aborts the task, even if the server no longer answers.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Session {
    /// Connects, authenticates the server and then this process.
    pub(super) async fn open(target: &Arc<Target>) -> Result<Self, CacheError> {
        timeout(ANSWER_TIMEOUT, Self::opened(target))
            .await
            .unwrap_or_else(|_| Err(CacheError::with(Reason::Timeout, "connect_timeout")))
    }

    async fn opened(target: &Arc<Target>) -> Result<Self, CacheError> {
        let addresses = target.host.addresses(target.port).await.map_err(|_| Fault::NameNotFound)?;
        let stream = TcpStream::connect(addresses.as_slice()).await?;
        stream.set_nodelay(true)?;
        let stream = if target.tls {
            let config = client_config(trusted(target.root_certificates.as_deref()).await?)?;
            connect(stream, &target.host, config).await?
        } else {
            Stream::Plain(stream)
        };
        // Authentication is sent below, so that the server's own error code is available.
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let settings = AsyncConnectionConfig::new().set_response_timeout(None);
        let is_exceeded = Arc::<AtomicBool>::default();
        let bounded = Bounded::new(stream, Arc::clone(&is_exceeded));
        let (connection, driver) = MultiplexedConnection::new_with_config(&info, bounded, settings).await?;
        let driver = Driver(tokio::spawn(driver));
        let mut session = Self { target: Arc::clone(target), connection, is_exceeded, driver };
        session.log_in().await?;
        Ok(session)
    }

    async fn log_in(&mut self) -> Result<(), CacheError> {
        let target = Arc::clone(&self.target);
        if let Some(authenticate) = authentication(&target).await? {
            let _: redis::Value = self.request(&authenticate, ANSWER_TIMEOUT).await?;
        }
        let mut select = redis::cmd("SELECT");
        select.arg(target.database);
        let _: redis::Value =
            self.request(&select, ANSWER_TIMEOUT).await.map_err(CacheError::into_of_selection)?;
        Ok(())
    }

    /// Returns the session in `held` if it is usable, else a new one. The session is removed from `held` during use: a caller
    /// that is cancelled, or finds the session broken, leaves `held` empty.
    pub(super) async fn take(held: &mut Option<Self>, target: &Arc<Target>) -> Result<Self, CacheError> {
        match held.take().filter(|session| session.serves(target)) {
            Some(session) => Ok(session),
            None => Self::open(target).await,
        }
    }

    /// Returns true while the session leads to `target` and is open. The server may close it, as ElastiCache does 12 hours after
    /// a login with a token.
    fn serves(&self, target: &Arc<Target>) -> bool {
        Arc::ptr_eq(&self.target, target) && !self.driver.0.is_finished()
    }

    pub(super) async fn request<T: FromRedisValue>(
        &mut self,
        command: &Cmd,
        patience: Duration,
    ) -> Result<T, CacheError> {
        let answer = timeout(patience, self.connection.send_packed_command(command));
        let answer = answer.await.map_err(|_| CacheError::of(Reason::Timeout))?;
        let value = answer.map_err(|error| {
            let is_exceeded = self.is_exceeded.load(Relaxed);
            if is_exceeded { CacheError::with(Reason::Protocol, "answer_too_long") } else { error.into() }
        })?;
        T::from_redis_value(value.extract_error()?).map_err(|_| CacheError::of(Reason::Protocol))
    }

    /// Sends all commands of `pipeline` in one batch.
    pub(super) async fn send(&mut self, pipeline: &Pipeline) -> Result<(), CacheError> {
        let count = pipeline.len();
        let answers = timeout(ANSWER_TIMEOUT, self.connection.send_packed_commands(pipeline, 0, count));
        for answer in answers.await.map_err(|_| CacheError::of(Reason::Timeout))?? {
            answer.extract_error()?;
        }
        Ok(())
    }
}

/// Returns the authentication command; `None` if the server requires no authentication.
async fn authentication(target: &Target) -> Result<Option<Cmd>, CacheError> {
    let mut command = redis::cmd("AUTH");
    let user = target.user.expose();
    if !user.is_empty() {
        command.arg(user);
    }
    match &target.credential {
        Credential::Password(password) if password.is_empty() && user.is_empty() => return Ok(None),
        Credential::Password(password) => command.arg(password.expose()),
        Credential::Token { source, cache } => {
            let token = source.token(Audience::Cache { name: cache }, user).await?;
            command.arg(token.expose())
        }
    };
    Ok(Some(command))
}
