//! Routes that need a dependency are refused while it is known to be down: they answer at once, and it is left to
//! recover.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::sync::watch;
use tokio::time::Instant;

use super::dependency::{Class, Dependency};
use super::failure::CheckFailure;
use super::report::DependencyReport;
use super::verdict::Verdict;
use crate::Problem;

/// A dependency that is sampled.
#[derive(Clone, Debug)]
pub struct Watched {
    name: &'static str,
    class: Class,
    shared: bool,
    period: Duration,
    verdict: watch::Receiver<Verdict>,
}

impl Watched {
    pub(super) fn new(dependency: &Dependency, verdict: watch::Receiver<Verdict>) -> Self {
        let Dependency { name, class, shared, timing, .. } = *dependency;
        Self { name, class, shared, period: timing.period, verdict }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether what needs it may try; never refused for an informational one.
    ///
    /// # Errors
    /// [`Watched::unavailable`], while it is known to be down.
    pub fn guard(&self) -> Result<(), Problem> {
        if self.verdict.borrow().refuses_routes(self.class) { Err(self.unavailable()) } else { Ok(()) }
    }

    /// What a route answers when it could not use the dependency: 503 with a `Retry-After` of one to two periods, each
    /// rounded up to seconds, since an outage ends no earlier than with a check. A random one, so that clients do not
    /// come back all at once.
    #[must_use]
    pub fn unavailable(&self) -> Problem {
        let period = self.period.as_secs() + u64::from(self.period.subsec_nanos() > 0);
        let wait = period.saturating_add(fastrand::u64(0..=period));
        Problem::new(StatusCode::SERVICE_UNAVAILABLE).retry_after(Duration::from_secs(wait))
    }

    /// What is known of it now.
    #[must_use]
    pub fn report(&self) -> DependencyReport {
        let verdict = self.verdict.borrow().clone();
        let now = Instant::now();
        let since = |then: Option<Instant>| then.map(|then| now.saturating_duration_since(then));
        DependencyReport {
            name: self.name,
            class: self.class,
            shared: self.shared,
            state: verdict.state,
            reason: verdict.failure.as_ref().map(CheckFailure::reason),
            code: verdict.failure.as_ref().and_then(CheckFailure::code_text).map(str::to_owned),
            blocks_readiness: verdict.holds_readiness(self.class, self.shared),
            age: since(verdict.checked_at),
            unchanged: since(verdict.changed_at),
        }
    }
}

/// Middleware for routes that need a dependency: refuses as [`Watched::guard`] does, before a body is read.
///
/// ```
/// # use axum::{Router, middleware::from_fn_with_state, routing::{get, post}};
/// # use chassis::readiness::{Watched, requires};
/// # fn routes(database: Watched) -> Router {
/// Router::new()
///     .route("/history", get(async || "from the database"))
///     .route_layer(from_fn_with_state(database, requires))
///     .route("/time", get(async || "from memory"))
/// # }
/// ```
pub async fn requires(State(dependency): State<Watched>, request: Request, next: Next) -> Response {
    match dependency.guard() {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}
