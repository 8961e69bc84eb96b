//! Registering a family and its children once, so that an update is one atomic store.
//!
//! Each family is recorded with its kind and labels, so that what is built on the names (the
//! dashboard, the alerts) can be checked against them. Deliberately absent: the global registry,
//! and looking a child up by its labels on a hot path.

use super::family::{FamilyInfo, FamilyKind};
use drd_state_machine::time::Time;
use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, Result,
};
use std::cell::RefCell;

/// Where families are registered, and the list of them.
#[derive(Debug, Default)]
pub(super) struct Register {
    registry: Registry,
    families: RefCell<Vec<FamilyInfo>>,
}

impl Register {
    /// What to gather from.
    pub fn registry(&self) -> Registry {
        self.registry.clone()
    }

    /// The families registered so far.
    pub fn families(&self) -> Vec<FamilyInfo> {
        self.families.borrow().clone()
    }

    /// Registers `collector`. `kind` gives the kind of a family by its name.
    pub fn take<C: Collector + 'static>(
        &self,
        kind: impl Fn(&str) -> FamilyKind,
        collector: C,
    ) -> Result<()> {
        let named = collector.desc().into_iter().map(|desc| FamilyInfo {
            kind: kind(&desc.fq_name),
            name: desc.fq_name.clone(),
            help: desc.help.clone(),
            labels: desc.variable_labels.clone(),
        });
        self.families.borrow_mut().extend(named);
        self.registry.register(Box::new(collector))
    }
}

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

fn kept<C: Collector + Clone + 'static>(r: &Register, kind: FamilyKind, collector: C) -> Result<C> {
    r.take(|_| kind, collector.clone())?;
    Ok(collector)
}

pub(super) fn flag(r: &Register, name: &str, help: &str) -> Result<IntGauge> {
    kept(r, FamilyKind::Gauge, IntGauge::new(name, help)?)
}

/// A gauge that is not known yet: NaN, which no threshold holds for.
pub(super) fn unknown(r: &Register, name: &str, help: &str) -> Result<Gauge> {
    let gauge = gauge(r, name, help)?;
    gauge.set(f64::NAN);
    Ok(gauge)
}

pub(super) fn gauge(r: &Register, name: &str, help: &str) -> Result<Gauge> {
    kept(r, FamilyKind::Gauge, Gauge::new(name, help)?)
}

pub(super) fn counter(r: &Register, name: &str, help: &str) -> Result<IntCounter> {
    kept(r, FamilyKind::Counter, IntCounter::new(name, help)?)
}

pub(super) fn counters(
    r: &Register,
    (name, help): (&str, &str),
    labels: &[&str],
) -> Result<IntCounterVec> {
    kept(
        r,
        FamilyKind::Counter,
        IntCounterVec::new(Opts::new(name, help), labels)?,
    )
}

pub(super) fn gauges(
    r: &Register,
    (name, help): (&str, &str),
    labels: &[&str],
) -> Result<GaugeVec> {
    kept(
        r,
        FamilyKind::Gauge,
        GaugeVec::new(Opts::new(name, help), labels)?,
    )
}

pub(super) fn flags(
    r: &Register,
    (name, help): (&str, &str),
    labels: &[&str],
) -> Result<IntGaugeVec> {
    kept(
        r,
        FamilyKind::Gauge,
        IntGaugeVec::new(Opts::new(name, help), labels)?,
    )
}

pub(super) fn histogram(
    r: &Register,
    (name, help): (&str, &str),
    buckets: &[f64],
) -> Result<Histogram> {
    kept(
        r,
        FamilyKind::Histogram,
        Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))?,
    )
}

pub(super) fn histograms(
    r: &Register,
    (name, help): (&str, &str),
    labels: &[&str],
    buckets: &[f64],
) -> Result<HistogramVec> {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    kept(
        r,
        FamilyKind::Histogram,
        HistogramVec::new(options, labels)?,
    )
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

/// A family could not be registered: a name or a label is not valid.
#[derive(Debug, thiserror::Error)]
#[error("register drd's metrics; the daemon was not started")]
pub struct MetricsError(#[from] prometheus::Error);

/// Writes only what changed: two threads of a soak share these cache lines.
pub(super) fn store(gauge: &Gauge, value: f64) {
    if gauge.get() != value {
        gauge.set(value);
    }
}

/// Writes only what changed, as [`store`].
pub(super) fn store_flag(gauge: &IntGauge, value: bool) {
    if gauge.get() != i64::from(value) {
        gauge.set(i64::from(value));
    }
}

/// Seconds since 1970, as Prometheus wants moments.
pub(super) fn seconds(at: Time) -> f64 {
    at.0 as f64 / 1000.0
}
