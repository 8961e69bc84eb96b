//! The table of `drd doctor`: what is wrong first, each with what to do.
//!
//! Deliberately absent: colours; the verdict is a word.

use super::report::DoctorReport;
use drd_bootstrap::checks::{Check, Verdict};

/// The table of `drd doctor`.
pub fn table(report: &DoctorReport) -> String {
    let count = |verdict| {
        report
            .findings
            .iter()
            .filter(|f| f.verdict == verdict)
            .count()
    };
    let subject = match (report.is_unauthenticated(), report.exists, report.gated) {
        (true, _, _) => "the credentials could not be verified, so hardly anything is known",
        (false, true, false) => "nothing known keeps it from failing over",
        (false, true, true) => "it could NOT fail over now",
        (false, false, false) => "nothing known keeps it from being built and failing over",
        (false, false, true) => "it could not be built as asked, or not fail over",
    };
    let mut out = format!(
        "{}: {subject}. {} red, {} unknown, {} green\n",
        report.suffix,
        count(Verdict::Red),
        count(Verdict::Unknown),
        count(Verdict::Green)
    );
    let width = report
        .findings
        .iter()
        .map(|f| f.name.len())
        .max()
        .unwrap_or(0);
    for verdict in [Verdict::Red, Verdict::Unknown, Verdict::Green] {
        for finding in report.findings.iter().filter(|f| f.verdict == verdict) {
            out.push_str(&row(finding, width));
        }
    }
    out
}

fn row(finding: &Check, width: usize) -> String {
    let mark = match finding.verdict {
        Verdict::Red if finding.is_gating() => "RED",
        Verdict::Red => "red",
        Verdict::Unknown => "?",
        Verdict::Green => "ok",
    };
    let mut out = format!(" {mark:<3}  {:<width$}  {}\n", finding.name, finding.detail);
    if let Some(remedy) = &finding.remedy {
        out.push_str(&format!(" {:<3}  {:<width$}  -> {remedy}\n", "", ""));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use drd_bootstrap::checks::{Gates, Judged};

    #[test]
    fn what_is_wrong_comes_first_with_its_remedy() {
        let report = DoctorReport::new(
            "shop1",
            true,
            vec![
                Judged::green("0.1 s").named("clock", Gates::Failover),
                Judged::red("key is Disabled", "enable it").named("key", Gates::Failover),
            ],
        );
        assert_eq!(
            table(&report),
            "shop1: it could NOT fail over now. 1 red, 0 unknown, 1 green\n \
             RED  key    key is Disabled\n             -> enable it\n \
             ok   clock  0.1 s\n"
        );
    }
    #[test]
    fn an_aws_that_does_not_answer_is_not_called_well() {
        let silent = Judged::unknown("no answer", "try again");
        let findings = vec![silent.named("credentials", Gates::Building)];
        let report = DoctorReport::new("shop1", false, findings);
        assert!(report.is_unauthenticated());
        assert!(table(&report).starts_with("shop1: the credentials could not be verified"));
    }
}
