//! Carries out a plan: one step at a time per stack, stacks that do not need each other side by
//! side.
//!
//! Every step looks before it acts, so the same command finishes what an interrupted one began.
//! Deliberately absent: deciding; `plan` did.

mod artefact;
mod buckets;
mod change;
pub mod daemon_config;
mod database;
pub mod destroy;
mod ending;
mod latch;
mod object;
pub mod progress;
mod request;
mod schedule;
mod site;
mod stack;
mod watch;
mod zone;

pub use site::Site;

use crate::error::Error;
use crate::estate::observed::Observed;
use crate::estate::stacks::StackId;
use crate::estate::templates::Template;
use crate::estate::values::StackOutputs;
use crate::plan::{Action, Plan, Work, outputs};
use ending::{conclude, in_words};
use progress::News;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Carries out the plan and gives the outputs of all stacks.
///
/// # Errors
/// [`Error::Refused`] before anything was done; [`Error::Failed`] with the first cause first;
/// [`Error::InProgress`] when the caller asked to stop watching.
pub async fn apply(
    site: &Site,
    plan: &Plan,
    observed: &Observed,
    stop: tokio::sync::watch::Receiver<bool>,
) -> Result<StackOutputs, Error> {
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
                site.report(work, News::Failed(error.to_string()));
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
        site.report(work, News::Skipped(why.to_owned()));
    }
    conclude(ended, "bootstrap", site.settings.suffix().as_str())?;
    let found = found.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(found.clone())
}

async fn step(site: &Site, work: Work, found: &Mutex<StackOutputs>) -> Result<(), Error> {
    let known = found.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (id, seen) = match work {
        Work::Artefact(role) => {
            let storage = known.get(&StackId::sided(Template::Storage, role));
            let bucket = storage.and_then(|o| o.get("ArtefactBucket"));
            let Some(bucket) = bucket else {
                return Err(Error::Failed(
                    "the storage stack has no output ArtefactBucket".to_owned(),
                ));
            };
            return artefact::upload(site, role, bucket).await;
        }
        // A task that finds no configuration ends, and ECS would roll the stack back.
        Work::Stack(id) if id.template == Template::Daemon => {
            daemon_config::hand_over(site, &known).await?;
            (id, stack::bring(site, work, &known).await?)
        }
        Work::Stack(id) if id.template == Template::Latch => {
            let seen = stack::bring(site, work, &known).await?;
            latch::show(site, &seen.outputs).await?;
            (id, seen)
        }
        // An earlier run may have ended there, with the latch's stack as it should be.
        Work::Stack(id) if id.template == Template::Network && !known.contains_key(&id) => {
            if let Some(outputs) = known.get(&StackId::once(Template::Latch)) {
                latch::show(site, outputs).await?;
            }
            (id, stack::bring(site, work, &known).await?)
        }
        Work::Replicate(_) => (work.stack(), stack::bring(site, work, &known).await?),
        Work::Stack(id) => (id, stack::bring(site, work, &known).await?),
    };
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    found.insert(id, seen.outputs);
    Ok(())
}
