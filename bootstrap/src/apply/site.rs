//! What every step of provisioning needs: AWS, the estate, whom to report to.
//!
//! Deliberately absent: the steps.

use super::progress::{Moment, News, Progress};
use crate::aws::clients::Aws;
use crate::estate::settings::Settings;
use crate::estate::stacks::StackId;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a step works with; cheap to clone.
#[derive(Clone)]
pub struct Site {
    /// AWS.
    pub aws: Aws,
    /// The estate.
    pub settings: Arc<Settings>,
    /// Receives the reports.
    pub progress: Arc<dyn Progress>,
    /// Names this run in request tokens and change sets.
    pub run: Arc<str>,
    /// Logical ids of stateful resources that an update may replace.
    pub allow_replacement: Arc<BTreeSet<String>>,
}

impl Site {
    pub(super) fn report(&self, work: impl ToString, news: News) {
        let work = work.to_string();
        self.progress.report(Moment { work, news });
    }

    pub(super) fn region(&self, id: StackId) -> &str {
        id.region(&self.settings)
    }

    pub(super) fn name(&self, id: StackId) -> String {
        id.name(self.settings.suffix())
    }
}
