//! What drd prints for other tools: the alerting rules and the dashboard.
//!
//! Deliberately absent: writing files. Where they belong is the reader's decision.

use crate::metrics::dashboard::{DashboardError, dashboard as generated};

const RULES: &str = include_str!("../../deploy/prometheus/drd.rules.yml");
/// The placeholder in the rules for the address that only their user knows.
const RUNBOOK: &str = "https://runbooks.example.com/drd/deploy/RUNBOOK.md";

/// The rules, with their links to where the runbook really is.
pub(super) fn alerts(runbook: Option<&str>) -> String {
    match runbook {
        Some(url) => RULES.replace(RUNBOOK, url),
        None => RULES.to_owned(),
    }
}

/// An address that can precede `#anchor`, unquoted, in YAML.
pub(super) fn address(text: &str) -> Result<String, String> {
    let starts = text.starts_with("https://") || text.starts_with("http://");
    let odd = |c: char| c.is_whitespace() || c.is_control() || "#\"'{}".contains(c);
    if starts && !text.contains(odd) {
        Ok(text.to_owned())
    } else {
        Err("wants an address that begins with https:// and has no # in it".to_owned())
    }
}

/// The dashboard as indented JSON.
pub(super) fn dashboard() -> Result<String, DashboardError> {
    // `{:#}` of a JSON value is its indented form and cannot fail.
    Ok(format!("{:#}", generated()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_of_an_alert_has_the_given_address() {
        let links = |text: &str, to: &str| text.matches(&format!("runbook_url: {to}#drd")).count();
        let alerts_there = RULES.matches("- alert: ").count();
        assert!(alerts_there >= 12);
        assert_eq!(links(&alerts(None), RUNBOOK), alerts_there);
        let moved = alerts(Some("https://git.example.org/RUNBOOK.md"));
        assert_eq!(
            links(&moved, "https://git.example.org/RUNBOOK.md"),
            alerts_there
        );
        assert!(!moved.contains(RUNBOOK));
    }

    #[test]
    fn an_address_that_would_break_the_rules_is_refused() {
        for good in ["https://git.example.org/a/RUNBOOK.md", "http://10.0.0.1/r"] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "RUNBOOK.md",
            "https://a/#b",
            "https://a b",
            "https://a\nb",
            "https://{{x}}",
        ] {
            assert!(address(bad).is_err(), "{bad:?}");
        }
    }
}
