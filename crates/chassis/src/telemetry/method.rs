//! Methods as label values.

/// Name of the method, if it is one of RFC 9110 or PATCH. A closed set, since a client can invent any number of methods.
pub(crate) fn known_method(method: &str) -> Option<&'static str> {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|name| *name == method)
}
