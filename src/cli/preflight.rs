//! What `drd bootstrap` checks before its work: would it fail half-way?
//!
//! Deliberately absent: the checks; `drd_bootstrap::checks` has them.

use drd_bootstrap::Error;
use drd_bootstrap::aws::clients::Aws;
use drd_bootstrap::checks::{Check, Requirements, refusals};
use drd_bootstrap::observe;
use drd_bootstrap::settings::Settings;

/// What keeps the estate from being built, if anything does.
pub(super) async fn refusal(aws: &Aws, settings: &Settings) -> Option<Error> {
    let now = crate::clock::Clock::start().read().0;
    let wanted = Requirements::of(settings);
    let checks = observe::preflight::preflight(aws.config(), &wanted, now).await;
    let red = refusals(&checks);
    if red.is_empty() {
        return None;
    }
    let text = |check: &&Check| match &check.remedy {
        Some(remedy) => format!("{}: {}\n  {remedy}", check.name, check.detail),
        None => format!("{}: {}", check.name, check.detail),
    };
    let list: Vec<String> = red.iter().map(text).collect();
    Some(Error::Refused(format!(
        "{}\nNothing was created. `drd doctor --suffix {}` checks again.",
        list.join("\n"),
        settings.suffix()
    )))
}
