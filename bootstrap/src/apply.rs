//! Carries out a plan: one step at a time per stack, stacks that do not need each other side by
//! side.
//!
//! Every step looks before it acts, so the same command finishes what an interrupted one began.
//! Deliberately absent: deciding; `plan` did.

mod artefact;
mod buckets;
mod change;
mod database;
pub mod destroy;
pub mod handover;
mod stack;
mod watch;

use crate::error::Error;
use crate::observe::clients::Aws;
use crate::observed::Observed;
use crate::plan::{Action, Plan, Work, outputs};
use crate::progress::{Moment, News, Progress};
use crate::schedule;
use crate::settings::Settings;
use crate::stacks::{StackId, Template};
use crate::values::Outputs;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Where and for whom work is done; cheap to clone.
#[derive(Clone)]
pub struct Site {
    /// AWS.
    pub aws: Aws,
    /// The estate.
    pub settings: Arc<Settings>,
    /// Who is told.
    pub progress: Arc<dyn Progress>,
    /// Names this run in request tokens and change sets.
    pub run: Arc<str>,
    /// Logical ids of stateful resources that an update may replace.
    pub allow_replacement: Arc<BTreeSet<String>>,
}

impl Site {
    fn tell(&self, work: impl ToString, news: News) {
        let work = work.to_string();
        self.progress.tell(Moment { work, news });
    }

    fn region(&self, id: StackId) -> &str {
        id.region(&self.settings)
    }

    fn name(&self, id: StackId) -> String {
        id.name(self.settings.suffix())
    }
}

/// Carries out the plan and gives the outputs of all stacks.
///
/// # Errors
/// [`Error::Refused`] before anything was done; [`Error::Failed`] with the first cause first;
/// [`Error::InProgress`] when somebody asked to stop watching.
pub async fn apply(
    site: &Site,
    plan: &Plan,
    observed: &Observed,
    stop: tokio::sync::watch::Receiver<bool>,
) -> Result<Outputs, Error> {
    let refusals = plan.refusals();
    if !refusals.is_empty() {
        return Err(Error::Refused(format!(
            "{}.\nNothing was changed.",
            refusals.join(";\n")
        )));
    }
    let found = Arc::new(Mutex::new(outputs(observed)));
    let mut jobs = BTreeMap::new();
    let mut actions = BTreeMap::new();
    for step in &plan.steps {
        if !matches!(step.action, Action::Keep | Action::Hold(_)) {
            jobs.insert(step.work, step.after.clone());
            actions.insert(step.work, step.action.clone());
        }
    }
    let ended = schedule::run(&jobs, stop, |work| {
        let (site, found) = (site.clone(), Arc::clone(&found));
        async move {
            let result = step(&site, work, &found).await.map_err(in_words);
            if let Err(error) = &result {
                site.tell(work, News::Failed(error.to_string()));
            }
            result
        }
    })
    .await;
    for work in &ended.not_begun {
        let why = if ended.left.is_empty() {
            "a step before it failed"
        } else {
            "stopped"
        };
        site.tell(work, News::Skipped(why.to_owned()));
    }
    conclude(ended, "bootstrap", site.settings.suffix().as_str())?;
    let found = found.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(found.clone())
}

/// A call's failure amid the work, in AWS's words alone.
fn in_words(error: Error) -> Error {
    if let Error::Aws(error) = error {
        return Error::Failed(error.to_string());
    }
    error
}

async fn step(site: &Site, work: Work, found: &Mutex<Outputs>) -> Result<(), Error> {
    let known = found.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (id, seen) = match work {
        Work::Artefact(role) => {
            let storage = known.get(&StackId::sided(Template::Storage, role));
            let bucket = storage.and_then(|o| o.get("ArtefactBucket"));
            let Some(bucket) = bucket else {
                return Err(Error::Failed(
                    "the storage stack tells no ArtefactBucket".to_owned(),
                ));
            };
            return artefact::upload(site, role, bucket).await;
        }
        // A task that finds no configuration ends, and ECS would roll the stack back.
        Work::Stack(id) if id.template == Template::Daemon => {
            handover::hand_over(site, &known).await?;
            (id, stack::bring(site, work, &known).await?)
        }
        Work::Replicate(_) => (work.stack(), stack::bring(site, work, &known).await?),
        Work::Stack(id) => (id, stack::bring(site, work, &known).await?),
    };
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    found.insert(id, seen.outputs);
    Ok(())
}

/// One error out of many: the first cause first, then what follows from it.
fn conclude<K: ToString>(ended: schedule::Ended<K>, word: &str, suffix: &str) -> Result<(), Error> {
    let list = |keys: &[K]| {
        keys.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let again = format!("`drd {word} --suffix {suffix}`");
    if !ended.left.is_empty() {
        let left = list(&ended.left);
        return Err(Error::InProgress(format!(
            "stopped watching; AWS goes on with {left}.\nThe same command ({again}) picks it up."
        )));
    }
    let Some((first, _)) = ended.failed.first() else {
        return Ok(());
    };
    let mut text = format!("{word} stopped at {}", first.to_string());
    for (work, error) in &ended.failed {
        text.push_str(&format!("\n  {}: {error}", work.to_string()));
    }
    if !ended.not_begun.is_empty() {
        text.push_str(&format!("\n  not begun: {}", list(&ended.not_begun)));
    }
    text.push_str(&format!(
        "\nEverything else that was begun has ended, and nothing is running. Remove the cause and \
         run {again} again: it goes on from here."
    ));
    // One failure has its own exit code; several fail together.
    let mut failed = ended.failed;
    match (failed.len(), failed.pop()) {
        (1, Some((_, Error::Refused(_)))) => Err(Error::Refused(text)),
        (1, Some((_, Error::InProgress(_)))) => Err(Error::InProgress(text)),
        _ => Err(Error::Failed(text)),
    }
}
