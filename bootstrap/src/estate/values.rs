//! What each parameter of a stack should be: settings, and the outputs of stacks that are there.
//!
//! Deliberately absent: AWS.

use crate::estate::observed::Values;
use crate::estate::parameters::{Source, sources};
use crate::estate::settings::Settings;
use crate::estate::side::Role;
use crate::estate::stacks::StackId;
use std::collections::BTreeMap;

/// The outputs of every stack that is there.
pub type StackOutputs = BTreeMap<StackId, Values>;

/// A stack's parameters; `None` for what is not known yet, because the stack that has it as an
/// output is not there.
pub fn parameters(
    id: StackId,
    settings: &Settings,
    outputs: &StackOutputs,
) -> BTreeMap<&'static str, Option<String>> {
    let role = id.role.unwrap_or(Role::Primary);
    let value = |source: &Source| match source {
        Source::Suffix => Some(settings.suffix().to_string()),
        Source::Role => Some(role.name().to_owned()),
        Source::PeerRole => Some(role.peer().name().to_owned()),
        Source::Set(key) => Some(settings.get(*key).to_owned()),
        Source::Made(make) => Some(make(settings, role)),
        Source::Output(template, whose, output) => outputs
            .get(&id.other(*template, *whose))
            .and_then(|found| found.get(*output))
            .cloned(),
        Source::Artefact => Some(crate::estate::artefact::folder()),
        Source::Replicate => Some("yes".to_owned()),
        Source::Memory => serde_json::to_string(&settings.remembered()).ok(),
    };
    sources(id.template)
        .iter()
        .map(|(name, source)| (*name, value(source)))
        .collect()
}

/// What differs between the parameters that a stack has and the ones it should have. Unknown ones
/// differ: they will be known when it is the stack's turn.
pub fn differing(
    wanted: &BTreeMap<&'static str, Option<String>>,
    has: &Values,
) -> Vec<&'static str> {
    let differs = |name: &str, value: &Option<String>| has.get(name) != value.as_ref();
    let named = wanted.iter().filter(|(name, value)| differs(name, value));
    named.map(|(name, _)| *name).collect()
}
