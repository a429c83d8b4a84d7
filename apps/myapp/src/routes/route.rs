//! One entry of a listener's table: the handler of a request, and its description.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post, put};
use chassis::readiness::{self, DependencyHandle};
use serde_json::{Value, json};

use super::context::Context;

/// One method of one path.
pub(super) struct Route {
    pub(super) path: &'static str,
    /// Method in lower case, as in OpenAPI.
    pub(super) method: &'static str,
    handler: MethodRouter<Arc<Context>>,
    pub(super) summary: &'static str,
    pub(super) parameters: Vec<Value>,
    /// The request body, as an OpenAPI request body object.
    pub(super) body: Option<Value>,
    /// The responses, as an OpenAPI responses object.
    pub(super) responses: Value,
    /// Statuses with a problem document as body.
    pub(super) problems: &'static [u16],
}

impl Route {
    pub(super) fn get<H: Handler<T, Arc<Context>>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new("get", path, get(handler))
    }

    /// Creates a GET route for a handler of the chassis.
    pub(super) fn of_get(path: &'static str, handler: MethodRouter<Arc<Context>>) -> Self {
        Self::new("get", path, handler)
    }

    pub(super) fn post<H: Handler<T, Arc<Context>>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new("post", path, post(handler))
    }

    pub(super) fn put<H: Handler<T, Arc<Context>>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new("put", path, put(handler))
    }

    fn new(method: &'static str, path: &'static str, handler: MethodRouter<Arc<Context>>) -> Self {
        let (parameters, responses) = (Vec::new(), json!({}));
        Self { path, method, handler, summary: "", parameters, body: None, responses, problems: &[] }
    }

    /// Answers 503 at once while the dependency is known to be down.
    pub(super) fn needs(mut self, dependency: Option<DependencyHandle>) -> Self {
        if let Some(dependency) = dependency {
            self.handler = self.handler.route_layer(from_fn_with_state(dependency, readiness::requires));
        }
        self
    }

    pub(super) fn about(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    pub(super) fn takes(mut self, parameters: Vec<Value>) -> Self {
        self.parameters = parameters;
        self
    }

    pub(super) fn reads(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) fn answers(mut self, responses: Value) -> Self {
        self.responses = responses;
        self
    }

    pub(super) fn refuses(mut self, problems: &'static [u16]) -> Self {
        self.problems = problems;
        self
    }
}

/// Builds the router of the table; entries of the same path have different methods.
pub(super) fn router(routes: Vec<Route>, context: &Arc<Context>) -> Router {
    routes
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.handler))
        .with_state(Arc::clone(context))
}
