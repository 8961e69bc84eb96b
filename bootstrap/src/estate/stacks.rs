//! The stacks of an estate as values: what each is called, its region, what it is made from
//! and what must exist before it.
//!
//! Deliberately absent: AWS, and what exists already. `parameters` has the source of each parameter.

use crate::estate::naming::Suffix;
use crate::estate::parameters::{Source, StackOf, extra, sources};
use crate::estate::settings::{Key, Settings};
use crate::estate::side::{GLOBAL_REGION, Role};
use crate::estate::templates::{Placement, Template};
use std::fmt;

/// One stack of an estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackId {
    /// What it is made from.
    pub template: Template,
    /// Its side, where there is one stack per side.
    pub role: Option<Role>,
}

impl fmt::Display for StackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role {
            Some(role) => f.pad(&format!("{}-{}", self.template.name(), role.name())),
            None => f.pad(self.template.name()),
        }
    }
}

impl StackId {
    /// The only stack of a template.
    pub const fn once(template: Template) -> StackId {
        StackId {
            template,
            role: None,
        }
    }

    /// A side's stack of a template.
    pub const fn sided(template: Template, role: Role) -> StackId {
        StackId {
            template,
            role: Some(role),
        }
    }

    /// Every stack of an estate, in an order in which they can be built one after the other.
    pub fn all() -> Vec<StackId> {
        let stacks = |template: Template| match template.is_sided() {
            true => Role::BOTH
                .map(|role| StackId::sided(template, role))
                .to_vec(),
            false => vec![StackId::once(template)],
        };
        Template::ALL.into_iter().flat_map(stacks).collect()
    }

    /// `stack-<template>-<role?>-<suffix>`.
    pub fn name(self, suffix: &Suffix) -> String {
        suffix.name(&format!("stack-{self}"))
    }

    /// Its region.
    pub fn region(self, settings: &Settings) -> &str {
        self.region_of(
            settings.region(Role::Primary),
            settings.region(Role::Standby),
            settings.get(Key::WitnessRegion),
        )
    }

    /// The same out of the three regions that can be chosen.
    pub(crate) fn region_of<'a>(
        self,
        primary: &'a str,
        standby: &'a str,
        witness: &'a str,
    ) -> &'a str {
        match (self.role, self.template.placement()) {
            (Some(Role::Primary), _) | (None, Placement::Primary | Placement::Sides) => primary,
            (Some(Role::Standby), _) | (None, Placement::Standby) => standby,
            (None, Placement::Witness) => witness,
            (None, Placement::Global) => GLOBAL_REGION,
        }
    }

    /// The stack that `whose` means, seen from this one.
    pub(crate) fn other(self, template: Template, whose: StackOf) -> StackId {
        let own = self.role.unwrap_or(Role::Primary);
        match whose {
            StackOf::Once => StackId::once(template),
            StackOf::Same => StackId::sided(template, own),
            StackOf::Peer => StackId::sided(template, own.peer()),
            StackOf::Primary => StackId::sided(template, Role::Primary),
            StackOf::Standby => StackId::sided(template, Role::Standby),
        }
    }

    /// The stacks that must be there before this one can be built: those whose outputs it takes,
    /// and those that it names without taking anything.
    pub fn after(self) -> Vec<StackId> {
        let taken = sources(self.template).iter().filter_map(|(_, source)| {
            let Source::Output(template, whose, _) = source else {
                return None;
            };
            Some(self.other(*template, *whose))
        });
        let named = extra(self.template)
            .iter()
            .map(|(template, whose)| self.other(*template, *whose));
        let mut all: Vec<StackId> = taken.chain(named).filter(|id| *id != self).collect();
        if self.template != Template::Anchor {
            // First of all: where any stack is found, the settings it was made with are too.
            all.push(StackId::once(Template::Anchor));
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests;
