//! Registering a family and its children once, so that an update is one atomic store.
//!
//! Deliberately absent: the global registry, and looking a child up by its labels on a hot path.

use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, Result,
};

/// Children of one family, one for each known value of its label.
#[derive(Debug)]
pub(super) struct Children<T> {
    values: Vec<&'static str>,
    children: Vec<T>,
}

impl<T> Children<T> {
    /// The child of a value; `None` for one that was not known at the start.
    pub fn of(&self, value: &str) -> Option<&T> {
        let at = self.values.iter().position(|known| *known == value)?;
        self.children.get(at)
    }

    /// All of them with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &T)> {
        self.values.iter().copied().zip(&self.children)
    }
}

/// Registers `collector` and hands it back.
pub(super) fn kept<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

pub(super) fn flag(registry: &Registry, name: &str, help: &str) -> Result<IntGauge> {
    kept(registry, IntGauge::new(name, help)?)
}

/// A gauge that is not known yet: NaN, which no threshold holds for.
pub(super) fn unknown(registry: &Registry, name: &str, help: &str) -> Result<Gauge> {
    let gauge = gauge(registry, name, help)?;
    gauge.set(f64::NAN);
    Ok(gauge)
}

pub(super) fn gauge(registry: &Registry, name: &str, help: &str) -> Result<Gauge> {
    kept(registry, Gauge::new(name, help)?)
}

pub(super) fn counter(registry: &Registry, name: &str, help: &str) -> Result<IntCounter> {
    kept(registry, IntCounter::new(name, help)?)
}

pub(super) fn counters(
    registry: &Registry,
    (name, help): (&str, &str),
    labels: &[&str],
) -> Result<IntCounterVec> {
    kept(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

pub(super) fn gauges(
    registry: &Registry,
    (name, help): (&str, &str),
    labels: &[&str],
) -> Result<GaugeVec> {
    kept(registry, GaugeVec::new(Opts::new(name, help), labels)?)
}

pub(super) fn flags(
    registry: &Registry,
    (name, help): (&str, &str),
    labels: &[&str],
) -> Result<IntGaugeVec> {
    kept(registry, IntGaugeVec::new(Opts::new(name, help), labels)?)
}

pub(super) fn histogram(
    registry: &Registry,
    (name, help): (&str, &str),
    buckets: &[f64],
) -> Result<Histogram> {
    kept(
        registry,
        Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))?,
    )
}

pub(super) fn histograms(
    registry: &Registry,
    (name, help): (&str, &str),
    labels: &[&str],
    buckets: &[f64],
) -> Result<HistogramVec> {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    kept(registry, HistogramVec::new(options, labels)?)
}

/// Families with one label.
pub(super) trait Family {
    /// A child.
    type Child;
    /// Makes the child of one value, at zero.
    fn child(&self, values: &[&str]) -> Result<Self::Child>;

    /// Makes the children of all values that there are.
    fn children(
        &self,
        values: impl IntoIterator<Item = &'static str>,
    ) -> Result<Children<Self::Child>> {
        let values: Vec<&'static str> = values.into_iter().collect();
        let children = values
            .iter()
            .map(|value| self.child(&[value]))
            .collect::<Result<_>>()?;
        Ok(Children { values, children })
    }
}

macro_rules! family {
    ($($vec:ty => $child:ty),*) => {$(
        impl Family for $vec {
            type Child = $child;
            fn child(&self, values: &[&str]) -> Result<$child> {
                self.get_metric_with_label_values(values)
            }
        }
    )*};
}
family!(IntCounterVec => IntCounter, GaugeVec => Gauge, IntGaugeVec => IntGauge, HistogramVec => Histogram);
