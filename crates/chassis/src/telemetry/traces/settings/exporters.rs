//! Choice of exporters.

use super::variables::Variables;

const NAME: &str = "OTEL_TRACES_EXPORTER";

/// Exporters of other libraries.
const KNOWN: [&str; 7] =
    ["zipkin", "console", "jaeger", "logging", "logging-otlp", "otlp/stdout", "prometheus"];

/// True if spans are exported by OTLP. The variable is a list, and all other exporters of it are noted.
pub(super) fn has_otlp(variables: &mut Variables<'_>) -> bool {
    let Some(text) = variables.text(NAME) else { return true };
    let given: Vec<_> = text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
    let has = |word: &str| given.iter().any(|item| item.eq_ignore_ascii_case(word));
    let known = KNOWN.into_iter().filter(|word| has(word)).collect::<Vec<_>>().join(", ");
    if has("otlp") {
        if given.iter().any(|item| !item.eq_ignore_ascii_case("otlp")) {
            variables.ignore(NAME, "only otlp of the list is supported; the others are left out");
        }
        return true;
    }
    if !known.is_empty() {
        variables.refuse(NAME, format_args!("{known} is not supported; set otlp or none"));
        return false;
    }
    if has("none") {
        return false;
    }
    if !given.is_empty() {
        variables.ignore(NAME, "must be otlp or none; the default, otlp, is used");
    }
    true
}
