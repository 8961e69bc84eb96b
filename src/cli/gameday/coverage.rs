//! The coverage table of a soak, as people read it.
//!
//! Deliberately absent: what counts as covered (`crate::lab::coverage`).

use crate::lab::coverage::{Coverage, Stage};
use crate::lab::scenario::FaultKind;

/// How many missed cells are named: the table shows where the others are.
const NAMED_MAX: usize = 100;

/// One line: how much was met, and how often the rarest kind was drawn.
pub(super) fn summary(coverage: &Coverage) -> String {
    let (all, can, met) = coverage.counts();
    #[expect(clippy::cast_precision_loss, reason = "some thousand cells")]
    let share = 100.0 * met as f64 / can as f64;
    let rarest = FaultKind::ALL
        .into_iter()
        .min_by_key(|kind| coverage.drawn(*kind));
    let rarest = rarest.map_or(String::new(), |kind| {
        format!(
            "; every kind of fault began in at least {} rehearsals ({})",
            coverage.drawn(kind),
            kind.name()
        )
    });
    format!(
        "coverage: {met} of {can} cells met, {share:.1} %; {} of {all} cannot be{rarest}",
        all - can
    )
}

/// A row for each kind of fault: in how many of the states it was active, by the stage in which it began.
pub(super) fn table(coverage: &Coverage) -> String {
    let mut out = format!("{:<24}{:>9}", "fault", "drawn");
    Stage::ALL
        .iter()
        .for_each(|stage| out.push_str(&format!("{:>20}", stage.name())));
    for kind in FaultKind::ALL {
        out.push_str(&format!("\n{:<24}{:>9}", kind.name(), coverage.drawn(kind)));
        for stage in Stage::ALL {
            let (met, can) = coverage.states(kind, stage);
            let cell = if can == 0 {
                "-".to_owned()
            } else {
                format!("{met}/{can}")
            };
            out.push_str(&format!("{cell:>20}"));
        }
    }
    out
}

/// The cells that were not met, and those that refute a reason.
pub(super) fn gaps(coverage: &Coverage) -> String {
    let mut out = String::new();
    let missed = coverage.missed();
    for (kind, stage, phase) in missed.iter().take(NAMED_MAX) {
        out.push_str(&format!(
            "not met: {} begun {}, in {}\n",
            kind.name(),
            stage.name(),
            phase.name()
        ));
    }
    if missed.len() > NAMED_MAX {
        out.push_str(&format!("not met: {} more\n", missed.len() - NAMED_MAX));
    }
    for ((kind, stage, phase), reason) in coverage.refuted() {
        out.push_str(&format!(
            "MET ALTHOUGH IT CANNOT BE: {} begun {}, in {}: {reason}\n",
            kind.name(),
            stage.name(),
            phase.name()
        ));
    }
    out
}
