//! Routes served below the path of `API_BASE_URL` as well as at the root.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::Uri;
use http::uri::PathAndQuery;
use tower::Service;

use crate::routes::context::{Context, InForce};

/// Wraps `routes`, so that each request is routed by the configuration in force at its arrival, and uses the same snapshot
/// throughout.
pub(crate) fn also_below_base_path(routes: Router, context: Arc<Context>) -> Router {
    let routes = routes.layer(from_fn(tell_matched_path));
    Router::new().fallback_service(Below { routes, context })
}

/// Copies the matched path into the response: the route is matched inside the wrapper and logged outside of it.
async fn tell_matched_path(request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(matched) = matched {
        response.extensions_mut().insert(matched);
    }
    response
}

#[derive(Clone)]
struct Below {
    routes: Router,
    context: Arc<Context>,
}

impl Service<Request> for Below {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, poller: &mut Poller<'_>) -> Poll<Result<(), Infallible>> {
        <Router as Service<Request>>::poll_ready(&mut self.routes, poller)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let snapshot = self.context.live.snapshot();
        if let Some(uri) = without_base(request.uri(), snapshot.settings.api_base_url.path()) {
            *request.uri_mut() = uri;
        }
        request.extensions_mut().insert(InForce(snapshot));
        Box::pin(self.routes.call(request))
    }
}

/// Returns the URI with `base` (empty, or `/like/this`) removed from its path; `None` if it is not below `base`.
fn without_base(uri: &Uri, base: &str) -> Option<Uri> {
    let rest = uri.path().strip_prefix(base).filter(|_| !base.is_empty())?;
    let path = match rest {
        "" => "/",
        below if below.starts_with('/') => below,
        _ => return None,
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests;
