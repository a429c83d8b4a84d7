//! Metrics that a callback reads at each scrape.

use std::borrow::Cow;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// Limit below which whole numbers are exact as 64-bit floats.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// One value of a metric.
#[derive(Clone, Debug)]
pub struct Sample {
    labels: Vec<(&'static str, Cow<'static, str>)>,
    value: f64,
}

impl Sample {
    /// Value of a metric without labels.
    #[must_use]
    pub fn value(value: f64) -> Self {
        Self { labels: Vec::new(), value }
    }

    /// Value with one label, whose values are known beforehand.
    #[must_use]
    pub fn labelled(label: &'static str, label_value: &'static str, value: f64) -> Self {
        Self { labels: vec![(label, label_value.into())], value }
    }

    /// Adds another label. The caller bounds the number of its values.
    #[must_use]
    pub fn and(mut self, label: &'static str, label_value: impl Into<Cow<'static, str>>) -> Self {
        self.labels.push((label, label_value.into()));
        self
    }

    fn encode(&self, encoder: &mut MetricEncoder<'_>, kind: MetricType) -> fmt::Result {
        if self.labels.is_empty() {
            return self.encode_value(encoder, kind);
        }
        self.encode_value(&mut encoder.encode_family(&self.labels)?, kind)
    }

    /// Encodes whole numbers as `1` and not as `1.0`.
    #[expect(clippy::cast_possible_truncation, reason = "only values that are exact as integers")]
    fn encode_value(&self, encoder: &mut MetricEncoder<'_>, kind: MetricType) -> fmt::Result {
        let whole = (self.value.fract() == 0.0 && self.value.abs() < EXACT).then_some(self.value as i64);
        match (kind, whole) {
            (MetricType::Counter, Some(whole)) => {
                encoder.encode_counter::<NoLabelSet, u64, u64>(&whole.unsigned_abs(), None)
            }
            (MetricType::Counter, None) => encoder.encode_counter::<NoLabelSet, f64, u64>(&self.value, None),
            (_, Some(whole)) => encoder.encode_gauge(&whole),
            (_, None) => encoder.encode_gauge(&self.value),
        }
    }
}

/// A metric whose samples a callback returns.
pub(super) struct CallbackMetric {
    pub(super) kind: MetricType,
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) read: Box<dyn Fn() -> Vec<Sample> + Send + Sync>,
}

impl fmt::Debug for CallbackMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallbackMetric").field(&self.name).finish()
    }
}

impl Collector for CallbackMetric {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut encoder = encoder.encode_descriptor(self.name, self.help, None, self.kind)?;
        (self.read)().iter().try_for_each(|sample| sample.encode(&mut encoder, self.kind))
    }
}
