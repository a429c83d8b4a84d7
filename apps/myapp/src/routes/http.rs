//! HTTP parts of every route: parameters, pages, response bodies, their description, and refusals of requests from other sites.

pub(super) mod base_path;
pub(super) mod cursor;
pub(super) mod openapi;
pub(super) mod pagination;
pub(super) mod query;
pub(super) mod response;
pub(super) mod route;
pub(super) mod same_site;
