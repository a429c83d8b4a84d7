//! The cache: events exchanged between replicas, in Redis or Valkey. Without a cache each replica works alone.
//!
//! Replicas publish their events to one stream and read the events of all others from it. A short value, such as the answer about
//! the whole fleet, is stored for a short time under a key of its own. The cache holds no secret and nothing that must not be
//! lost, and no response waits for it longer than [`ANSWER_TIMEOUT`].

mod bounded;
mod counts;
mod error;
mod follow;
mod message;
mod metrics;
mod publish;
mod replacement;
mod run;
mod session;
mod target;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::Cmd;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

pub use error::{CacheError, Reason};
pub(crate) use replacement::Replacement;
pub(crate) use target::{Credential, Target};

use counts::Counts;
use session::{ANSWER_TIMEOUT, Session};

/// Lifetime of the key that a check writes.
const CHECK_KEY_LIFETIME: Duration = Duration::from_secs(60);
/// Maximum length of a stored value, in bytes.
const MAX_VALUE_BYTES: usize = 256 * 1024;
/// Capacity of the queue of events to be sent. An event that finds the queue full is lost.
const QUEUE_CAPACITY: usize = 1024;

/// A cache. Clones are handles to the same one.
#[derive(Clone)]
pub struct Cache {
    shared: Arc<Shared>,
}

struct Shared {
    /// Prefix of the name of each key.
    prefix: String,
    /// Identifier of this process in each message.
    origin: String,
    target: watch::Sender<Arc<Target>>,
    /// Shared by the commands that are answered at once.
    session: tokio::sync::Mutex<Option<Session>>,
    queue: mpsc::Sender<String>,
    waiting: Mutex<Option<mpsc::Receiver<String>>>,
    counts: Counts,
    /// True if this replica receives the events of all others now.
    hears_all: watch::Sender<bool>,
}

impl Cache {
    /// Creates a handle to the cache of `target`, with `prefix` before the name of each key. Connections are opened on first use.
    pub(crate) fn new(target: Target, prefix: &str) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_CAPACITY);
        let shared = Shared {
            prefix: prefix.to_owned(),
            origin: RandomState::new().hash_one(std::process::id()).to_string(),
            target: watch::Sender::new(Arc::new(target)),
            session: tokio::sync::Mutex::default(),
            queue,
            waiting: Mutex::new(Some(waiting)),
            counts: Counts::default(),
            hears_all: watch::Sender::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Checks that the cache accepts commands and writes now.
    ///
    /// # Errors
    /// The reason why the cache is unavailable.
    pub(crate) async fn check(&self) -> Result<(), CacheError> {
        self.put("alive", self.shared.origin.as_bytes(), CHECK_KEY_LIFETIME).await
    }

    /// Returns the value stored under `name` until it expires.
    ///
    /// # Errors
    /// The cache does not answer.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, CacheError> {
        let mut get = redis::cmd("GET");
        get.arg(self.key(name));
        self.request(&get).await
    }

    /// Stores `value` under `name` for `fresh`. A value that is too long is not stored.
    ///
    /// # Errors
    /// The cache does not accept the value.
    pub(crate) async fn put(&self, name: &str, value: &[u8], fresh: Duration) -> Result<(), CacheError> {
        if value.len() > MAX_VALUE_BYTES {
            return Ok(());
        }
        let mut set = redis::cmd("SET");
        set.arg(self.key(name))
            .arg(value)
            .arg("PX")
            .arg(u64::try_from(fresh.as_millis()).unwrap_or(u64::MAX));
        self.request(&set).await.map(|_: redis::Value| ())
    }

    /// Subscribes to the state in which this replica receives the events of all others.
    pub(crate) fn hears_all(&self) -> watch::Receiver<bool> {
        self.shared.hears_all.subscribe()
    }

    /// Sends `command` on the session that all short commands share, and returns the response.
    async fn request<T: redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheError> {
        let answered = timeout(ANSWER_TIMEOUT, async {
            let mut held = self.shared.session.lock().await;
            let target = self.target();
            let mut session = Session::take(&mut held, &target).await?;
            let answer = session.request(command, ANSWER_TIMEOUT).await;
            if answer.as_ref().err().is_none_or(CacheError::leaves_session_usable) {
                *held = Some(session);
            }
            answer
        });
        answered.await.unwrap_or_else(|_| Err(CacheError::of(Reason::Timeout)))
    }

    /// Returns the target in force.
    pub(crate) fn target(&self) -> Arc<Target> {
        Arc::clone(&self.shared.target.borrow())
    }

    fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.shared.prefix)
    }

    /// Returns the key of the stream to which all replicas of the release publish their events. Its version is that of the
    /// messages.
    fn stream(&self) -> String {
        self.key(&format!("events:v{}", message::VERSION))
    }
}
