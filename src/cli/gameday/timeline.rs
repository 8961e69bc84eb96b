//! One line of a rehearsal's timeline on stderr, as it happens.
//!
//! Deliberately absent: the whole timeline; a report has it.

use crate::cli::output::note;
use crate::lab::simulation::Moment;

pub(super) fn show(moment: &Moment) {
    let seconds = moment.t.0 / 1000;
    note(&format!(
        " {:02}:{:02}  {:<8} {}\n",
        seconds / 60,
        seconds % 60,
        moment.kind,
        moment.text
    ));
}
