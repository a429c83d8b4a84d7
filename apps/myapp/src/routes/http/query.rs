//! Query strings, which are accepted or rejected as a whole, with all their errors.

use std::borrow::Cow;
use std::time::SystemTime;

use chassis::Problem;
use form_urlencoded::Serializer;
use http::StatusCode;

/// The parameters of one request; known parameters are taken out, and the remaining ones are unknown.
pub(crate) struct Query<'a> {
    given: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    filters: Serializer<'static, String>,
    problems: Vec<String>,
}

impl<'a> Query<'a> {
    pub(crate) fn of(text: Option<&'a str>) -> Self {
        Self {
            given: form_urlencoded::parse(text.unwrap_or_default().as_bytes()).collect(),
            filters: Serializer::new(String::new()),
            problems: Vec::new(),
        }
    }

    /// Returns the parameter `name`, if it is present and `read` can parse it.
    pub(crate) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        self.text(name).and_then(|text| self.read(name, &text, read))
    }

    /// Like [`Query::take`], for a parameter that filters the list; see [`Query::filters`].
    pub(crate) fn filter<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let text = self.text(name)?;
        self.filters.append_pair(name, &text);
        self.read(name, &text, read)
    }

    /// Returns the filters read so far, in one canonical form for each set; `None` after an error.
    pub(crate) fn filters(&mut self) -> Option<String> {
        let filters = self.filters.finish();
        self.problems.is_empty().then_some(filters)
    }

    /// # Errors
    /// All errors, in the order of reading, then the unknown parameters.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in &self.given {
            self.problems.push(format!("{name}: is no parameter of this route"));
        }
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(Problem::new(StatusCode::BAD_REQUEST).detail(self.problems.join("; ")))
    }

    fn text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let mut found = Vec::new();
        self.given.retain_mut(|(given, text)| {
            let is_it = given == name;
            if is_it {
                found.push(std::mem::take(text));
            }
            !is_it
        });
        if found.len() > 1 {
            self.problems.push(format!("{name}: is given more than once"));
            return None;
        }
        found.pop()
    }

    fn read<T>(
        &mut self,
        name: &str,
        text: &str,
        read: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        read(text).map_err(|problem| self.problems.push(format!("{name}: {problem}"))).ok()
    }
}

/// Parses a time of RFC 3339 in UTC: an offset could contain a `+`, which in a query string is a space.
pub(crate) fn time(text: &str) -> Result<SystemTime, &'static str> {
    humantime::parse_rfc3339(text).map_err(|_| "must be a time in UTC since 1970, as in 2026-01-31T12:00:00Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let mut query = Query::of(Some("since=now&limit=1&limit=2&color=red&key"));
        assert_eq!(query.filter("since", time), None);
        assert_eq!(query.take("limit", |_| Ok(1)), None);
        assert_eq!(query.take("key", |text| Ok(text.to_owned())), Some(String::new()));
        let problem = format!("{:?}", query.finish());
        for told in ["since: must be a time", "limit: is given more than once; color: is no parameter"] {
            assert!(problem.contains(told), "{problem}");
        }
    }

    #[test]
    fn filters_are_canonical_in_order_and_escapes() {
        let filters = |text| {
            let mut query = Query::of(Some(text));
            for name in ["a", "b"] {
                query.filter(name, |text| Ok(text.to_owned()));
            }
            query.filters()
        };
        assert_eq!(filters("b=%41%26&a=1"), Some("a=1&b=A%26".to_owned()));
        assert_eq!(filters("a=1&b=A%26"), filters("b=%41%26&a=1"));
        assert_ne!(filters("a=1%26b%3D2"), filters("a=1&b=2"));
    }
}
