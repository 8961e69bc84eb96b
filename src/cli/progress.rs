//! Shows provisioning: a live line with a bar per stack on a terminal, plain lines elsewhere.
//!
//! Deliberately absent: colours.

use super::output::note;
use drd_bootstrap::apply::progress::{Moment, News, Progress};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// Shows each step of provisioning on stderr.
pub(super) struct ProgressView {
    began: Instant,
    /// None without a terminal.
    bars: Option<Bars>,
}

#[derive(Default)]
struct Bars {
    all: MultiProgress,
    lines: Mutex<BTreeMap<String, ProgressBar>>,
}

impl ProgressView {
    /// Live lines on a terminal, plain ones elsewhere.
    pub(super) fn new(live: bool) -> ProgressView {
        ProgressView {
            began: Instant::now(),
            bars: live.then(Bars::default),
        }
    }
}

impl Progress for ProgressView {
    fn report(&self, moment: Moment) {
        let text = line(self.began.elapsed().as_secs(), &moment);
        match &self.bars {
            Some(bars) => bars.report(&moment, &text),
            None => note(&format!("{text}\n")),
        }
    }
}

fn line(seconds: u64, moment: &Moment) -> String {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    format!(
        "{minutes:02}:{rest:02}  {:<20} {}",
        moment.work, moment.news
    )
}

impl Bars {
    fn report(&self, moment: &Moment, text: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = lines.entry(moment.work.clone());
        let bar = begun.or_insert_with(|| self.all.add(fresh(&moment.work)));
        match &moment.news {
            News::Begun(what) => bar.set_message(what.clone()),
            News::At {
                done,
                total,
                waits_for,
            } => {
                bar.set_length(u64::try_from(*total).unwrap_or(0));
                bar.set_position(u64::try_from(*done).unwrap_or(0));
                let waits = waits_for.as_ref().map(|what| format!("waits for {what}"));
                bar.set_message(waits.unwrap_or_default());
            }
            News::Done(_) | News::Failed(_) | News::Skipped(_) => {
                bar.finish_and_clear();
                // What ended remains as a line above the live ones; a lost terminal ends nothing.
                let _ = self.all.println(text);
                lines.remove(&moment.work);
            }
        }
    }
}

fn fresh(work: &str) -> ProgressBar {
    let shape = "{prefix:<20} [{bar:20}] {pos:>3}/{len:<3} {elapsed_precise} {wide_msg}";
    let style = ProgressStyle::with_template(shape)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    ProgressBar::new(0)
        .with_style(style)
        .with_prefix(work.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_has_the_time_the_work_and_its_progress() {
        let moment = Moment {
            work: "data-standby".to_owned(),
            news: News::At {
                done: 3,
                total: 9,
                waits_for: Some("AWS::RDS::DBInstance One".to_owned()),
            },
        };
        assert_eq!(
            line(125, &moment),
            "02:05  data-standby         3/9 waits for AWS::RDS::DBInstance One"
        );
    }
}
