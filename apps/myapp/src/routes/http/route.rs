//! One entry of a listener's table: the handler of a request, and its description.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post, put};
use chassis::readiness::{self, DependencyHandle};
use serde_json::{Value, json};

use crate::routes::context::Context;

/// One method of one path.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    /// Method in lower case, as in OpenAPI.
    pub(crate) method: &'static str,
    handler: MethodRouter<Arc<Context>>,
    pub(crate) summary: &'static str,
    pub(crate) parameters: Vec<Value>,
    /// The request body, as an OpenAPI request body object.
    pub(crate) body: Option<Value>,
    /// The responses, as an OpenAPI responses object.
    pub(crate) responses: Value,
    /// Statuses with a problem document as body.
    pub(crate) problems: &'static [u16],
}

impl Route {
    pub(crate) fn get<H: Handler<T, Arc<Context>>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new("get", path, get(handler))
    }

    /// Creates a GET route for a handler of the chassis.
    pub(crate) fn of_get(path: &'static str, handler: MethodRouter<Arc<Context>>) -> Self {
        Self::new("get", path, handler)
    }

    pub(crate) fn post<H: Handler<T, Arc<Context>>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new("post", path, post(handler))
    }

    pub(crate) fn put<H: Handler<T, Arc<Context>>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new("put", path, put(handler))
    }

    fn new(method: &'static str, path: &'static str, handler: MethodRouter<Arc<Context>>) -> Self {
        let (parameters, responses) = (Vec::new(), json!({}));
        Self { path, method, handler, summary: "", parameters, body: None, responses, problems: &[] }
    }

    /// Answers 503 at once while the dependency is known to be down.
    pub(crate) fn needs(mut self, dependency: Option<DependencyHandle>) -> Self {
        if let Some(dependency) = dependency {
            self.handler = self.handler.route_layer(from_fn_with_state(dependency, readiness::requires));
        }
        self
    }

    pub(crate) fn about(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    pub(crate) fn takes(mut self, parameters: Vec<Value>) -> Self {
        self.parameters = parameters;
        self
    }

    pub(crate) fn reads(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) fn answers(mut self, responses: Value) -> Self {
        self.responses = responses;
        self
    }

    pub(crate) fn refuses(mut self, problems: &'static [u16]) -> Self {
        self.problems = problems;
        self
    }
}

/// Builds the router of the table; entries of the same path have different methods.
pub(crate) fn router(routes: Vec<Route>, context: &Arc<Context>) -> Router {
    routes
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.handler))
        .with_state(Arc::clone(context))
}
