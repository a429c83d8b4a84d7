//! Text formats of metrics, and their negotiation.

use http::HeaderMap;
use http::header::ACCEPT;

/// Text format of metrics. The first one is sent if a scraper prefers neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// Prometheus' own, which is older and which every scraper reads.
    Text,
}

impl Format {
    /// Returns the format that `Accept` prefers (RFC 9110, 12.5.1). If it allows neither, returns the older one: a rejected scrape
    /// would lose the metrics.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let fields: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|field| field.to_str().ok()).collect();
        if fields.is_empty() {
            return Self::OpenMetrics;
        }
        let ranges: Vec<_> =
            fields.iter().flat_map(|field| field.split(',')).filter_map(Range::read).collect();
        let [open_metrics, text] = [Self::OpenMetrics, Self::Text].map(|format| format.quality(&ranges));
        if open_metrics > 0 && open_metrics >= text { Self::OpenMetrics } else { Self::Text }
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    const fn version(self) -> &'static str {
        match self {
            Self::OpenMetrics => "1.0.0",
            Self::Text => "0.0.4",
        }
    }

    /// Converts `text`, which is OpenMetrics, to this format.
    pub(super) fn render(self, text: String) -> String {
        match self {
            Self::OpenMetrics => text,
            Self::Text => without_open_metrics(&text),
        }
    }

    /// Quality in thousandths; the most specific range decides.
    fn quality(self, ranges: &[Range<'_>]) -> u16 {
        let matching = ranges.iter().filter_map(|range| Some((range.precision(self)?, range.quality)));
        matching.max().map_or(0, |(_, quality)| quality)
    }
}

/// A media range of `Accept`.
struct Range<'a> {
    media: &'a str,
    version: Option<&'a str>,
    quality: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().filter(|media| !media.is_empty())?;
        let mut range = Self { media, version: None, quality: 1000 };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            if name.trim().eq_ignore_ascii_case("version") {
                range.version = Some(value);
            } else if name.trim().eq_ignore_ascii_case("q") {
                range.quality = quality(value)?;
            }
        }
        Some(range)
    }

    /// Precision with which the range matches `format`; `None` if it does not match.
    fn precision(&self, format: Format) -> Option<u8> {
        let (media, _) = format.media_type().split_once(';')?;
        let (kind, _) = media.split_once('/')?;
        let is_kind = || self.media.strip_suffix("/*").is_some_and(|range| range.eq_ignore_ascii_case(kind));
        match self.version {
            Some(version) => {
                (self.media.eq_ignore_ascii_case(media) && version == format.version()).then_some(3)
            }
            None if self.media.eq_ignore_ascii_case(media) => Some(2),
            None if is_kind() => Some(1),
            None => (self.media == "*/*").then_some(0),
        }
    }
}

/// Parses a quality from 0 to 1 to thousandths.
fn quality(text: &str) -> Option<u16> {
    let value: f32 = text.parse().ok().filter(|value| (0.0..=1.0).contains(value))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    Some((value * 1000.0).round() as u16)
}

/// Converts OpenMetrics to Prometheus' own format: `_total` also in the description of a counter, a gauge with `_info` for an info,
/// no units, no end marker, no escaped quotes in help.
fn without_open_metrics(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut help = None;
    for line in text.lines() {
        if let Some(described) = line.strip_prefix("# HELP ") {
            help = Some(described);
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' '))
        {
            let (suffix, kind) = match kind {
                "counter" => ("_total", kind),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                _ => ("", kind),
            };
            let about = help.take().and_then(|described| described.split_once(' '));
            if let Some((_, about)) = about {
                out.push_str(&format!("# HELP {name}{suffix} {}\n", about.replace("\\\"", "\"")));
            }
            out.push_str(&format!("# TYPE {name}{suffix} {kind}\n"));
        } else if !(line == "# EOF" || line.starts_with("# UNIT ")) {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::Format::{self, OpenMetrics, Text};

    fn accepted(fields: &[&'static str]) -> Format {
        let fields = fields.iter().map(|field| (header::ACCEPT, HeaderValue::from_static(field)));
        Format::accepted(&fields.collect::<HeaderMap>())
    }

    #[test]
    fn format_is_the_one_a_scraper_prefers() {
        let prometheus_2 = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;\
            version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
            application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
            text/plain;version=0.0.4;q=0.2,/;q=0.1";
        let telegraf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
            encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3";
        for (fields, format) in [
            (&[][..], OpenMetrics),
            (&["*/*"], OpenMetrics),
            (&[prometheus_2], OpenMetrics),
            (&[prometheus_3], OpenMetrics),
            (&[telegraf], Text),
            (&["text/plain"], Text),
            (&["Text/Plain; Version=0.0.4"], Text),
            (&["text/*"], Text),
            (&["text/plain;version=0.0.4;q=0.9", "application/openmetrics-text;q=0.8"], Text),
            (&["text/plain;q=0.5, application/openmetrics-text;q=0.500"], OpenMetrics),
            (&["application/openmetrics-text;q=0, */*"], Text),
            (&["application/openmetrics-text; version=0.0.1, text/plain;q=0.1"], Text),
            (&["application/openmetrics-text; version=\"1.0.0\""], OpenMetrics),
            (&["text/plain;q=0"], Text),
            (&["text/plain;q=2, application/openmetrics-text;q=0.1"], OpenMetrics),
            (&["application/json"], Text),
            (&["text/html, */*;q=0.8"], OpenMetrics),
        ] {
            assert_eq!(accepted(fields), format, "{fields:?}");
        }
    }

    #[test]
    fn older_format_has_full_counter_names() {
        let open_metrics = "# HELP a Said \\\"so\\\" \\\\ here.\n# TYPE a counter\na_total{b=\"c\"} 1\n\
            # HELP t_seconds Time.\n# TYPE t_seconds histogram\n# UNIT t_seconds seconds\n\
            t_seconds_sum 0.5\nt_seconds_count 1\nt_seconds_bucket{le=\"+Inf\"} 1\n\
            # HELP g Now.\n# TYPE g gauge\ng 2\n\
            # HELP i Who.\n# TYPE i info\ni_info{a=\"b\"} 1\n# EOF\n";
        let text = "# HELP a_total Said \"so\" \\\\ here.\n# TYPE a_total counter\na_total{b=\"c\"} 1\n\
            # HELP t_seconds Time.\n# TYPE t_seconds histogram\n\
            t_seconds_sum 0.5\nt_seconds_count 1\nt_seconds_bucket{le=\"+Inf\"} 1\n\
            # HELP g Now.\n# TYPE g gauge\ng 2\n\
            # HELP i_info Who.\n# TYPE i_info gauge\ni_info{a=\"b\"} 1\n";
        assert_eq!(Text.render(open_metrics.to_owned()), text);
        assert_eq!(OpenMetrics.render(open_metrics.to_owned()), open_metrics);
    }
}
