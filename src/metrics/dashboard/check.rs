//! Whether an expression is what the metrics allow: each name is one, counters are read through
//! `rate()` or `increase()`, gauges are not, quantiles come from buckets.
//!
//! Deliberately absent: PromQL. Names, and what comes directly before them, are all that is read;
//! promtool judges the rest.

use crate::metrics::{FamilyInfo, FamilyKind};

/// Functions that turn a counter into something that may be shown.
const OF_COUNTERS: [&str; 2] = ["rate(", "increase("];
/// What Prometheus itself adds to a scrape.
const OWN: &str = "up";

/// The families that an expression reads, each once.
///
/// # Errors
/// What is wrong with it, as text.
pub(super) fn read<'f>(
    expr: &str,
    families: &'f [FamilyInfo],
) -> Result<Vec<&'f FamilyInfo>, String> {
    let mut found: Vec<&FamilyInfo> = Vec::new();
    for (at, name) in names(expr) {
        let (family, part) =
            find(name, families).ok_or_else(|| format!("there is no metric {name}"))?;
        let before = expr.get(..at).unwrap_or_default();
        let counted = OF_COUNTERS.iter().any(|call| before.ends_with(call));
        let counts = family.kind != FamilyKind::Gauge;
        if counted != counts {
            let what = if counts { "counts" } else { "does not count" };
            return Err(format!(
                "{name} {what}: rate() and increase() are for what does"
            ));
        }
        let quantile = before.contains("histogram_quantile(");
        if (part == "_bucket") != quantile {
            return Err(format!(
                "{name}: quantiles come from buckets, and buckets give quantiles"
            ));
        }
        if !found.contains(&family) {
            found.push(family);
        }
    }
    if found.is_empty() && names_of(expr, OWN).is_empty() {
        return Err("it reads no metric".to_owned());
    }
    Ok(found)
}

/// The family of a name, and the part of a histogram that it is.
fn find<'f, 'n>(name: &'n str, families: &'f [FamilyInfo]) -> Option<(&'f FamilyInfo, &'n str)> {
    let parts = ["_bucket", "_sum", "_count"];
    families.iter().find_map(|family| {
        let part = name.strip_prefix(family.name.as_str())?;
        let is_it = match family.kind {
            FamilyKind::Counter | FamilyKind::Gauge => part.is_empty(),
            FamilyKind::Histogram => parts.contains(&part),
        };
        is_it.then_some((family, part))
    })
}

fn names(expr: &str) -> Vec<(usize, &str)> {
    let mut all = names_of(expr, "drd_");
    all.extend(names_of(expr, "process_"));
    all
}

/// Where a name begins with `start`, and the whole name.
fn names_of<'e>(expr: &'e str, start: &str) -> Vec<(usize, &'e str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    expr.match_indices(start)
        .filter(|(at, _)| {
            let before = expr.get(..*at).and_then(|text| text.chars().next_back());
            !before.is_some_and(|c| is_part(c) || c == '"' || c == '$')
        })
        .map(|(at, _)| {
            let rest = expr.get(at..).unwrap_or_default();
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            (at, rest.get(..end).unwrap_or_default())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families() -> Vec<FamilyInfo> {
        let named = |name: &str, kind| FamilyInfo {
            name: name.into(),
            kind,
            help: "What it is.".into(),
            labels: Vec::new(),
        };
        vec![
            named("drd_runs_total", FamilyKind::Counter),
            named("drd_armed", FamilyKind::Gauge),
            named("drd_took_seconds", FamilyKind::Histogram),
            named("process_threads", FamilyKind::Gauge),
        ]
    }

    fn wrong(expr: &str) -> String {
        read(expr, &families()).expect_err(expr)
    }

    #[test]
    fn what_the_metrics_allow_is_read() {
        for (expr, names) in [
            (
                "max by (estate) (drd_armed{a=\"drd_b\"})",
                &["drd_armed"][..],
            ),
            (
                "sum(rate(drd_runs_total[5m])) / drd_armed",
                &["drd_runs_total", "drd_armed"],
            ),
            (
                "histogram_quantile(0.9, sum by (le) (rate(drd_took_seconds_bucket[5m])))",
                &["drd_took_seconds"],
            ),
            (
                "increase(drd_took_seconds_sum[1d]) / increase(drd_took_seconds_count[1d])",
                &["drd_took_seconds"],
            ),
            ("process_threads", &["process_threads"]),
            ("up{job=\"drd\"} == 0", &[]),
        ] {
            let families = families();
            let found = read(expr, &families).expect(expr);
            let found: Vec<&str> = found.iter().map(|family| family.name.as_str()).collect();
            assert_eq!(found, names, "{expr}");
        }
    }

    #[test]
    fn a_name_that_drifted_is_found() {
        assert!(wrong("drd_armd").contains("no metric drd_armd"));
        assert!(wrong("drd_armed_total").contains("no metric"));
        assert!(wrong("drd_took_seconds").contains("no metric"));
        assert!(wrong("drd_armed_bucket").contains("no metric"));
        assert!(wrong("vector(1)").contains("reads no metric"));
    }

    #[test]
    fn a_kind_that_drifted_is_found() {
        assert!(wrong("rate(drd_armed[5m])").contains("does not count"));
        assert!(wrong("sum(drd_runs_total)").contains("drd_runs_total counts"));
        assert!(wrong("rate(drd_took_seconds_bucket[5m])").contains("quantiles"));
        assert!(
            wrong("histogram_quantile(0.9, rate(drd_took_seconds_sum[5m]))").contains("quantiles")
        );
    }
}
