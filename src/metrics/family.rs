//! What there is to scrape: each family's name, kind, help and labels.
//!
//! Deliberately absent: values.

/// What may be done with a family's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, and starts again at 0: `rate()` and `increase()`.
    Counter,
    /// Goes up and down: read as it is.
    Gauge,
    /// `_bucket`, `_sum` and `_count`, each a counter.
    Histogram,
}

/// One family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As it is scraped.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// What it says, for people.
    pub help: String,
    /// The labels that drd gives it; the target's come on top.
    pub labels: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn every_family_that_is_scraped_is_listed_with_its_kind() {
        let metrics = Metrics::for_daemon(&crate::lab::setup(), ["eu-central-1", "eu-central-2"])
            .expect("every name is one");
        let page = metrics.render();
        let scraped: Vec<(&str, &str)> = page
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
            .collect();
        let listed = |family: &Named| {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            scraped.contains(&(family.name.as_str(), kind))
        };
        for family in metrics.families() {
            let only_later = family.name == "drd_preflight_check_ok";
            assert_eq!(listed(family), !only_later, "{family:?}");
        }
        assert_eq!(metrics.families().len(), scraped.len() + 1);
    }
}
