//! Typed readers of the settings.

use contract::generate::readers::{go, java, python, typescript};

use super::source::Source;
use crate::project::Reader;

pub(super) fn text(reader: &Reader, source: &Source<'_>) -> String {
    let (contract, name) = (source.contract, source.name.as_str());
    match reader {
        Reader::Python { .. } => python::python(contract, name),
        Reader::Typescript { .. } => typescript::typescript(contract, name),
        Reader::Go { package, .. } => go::go(contract, name, package),
        Reader::Java { package, .. } => java::java(contract, name, package),
    }
}
