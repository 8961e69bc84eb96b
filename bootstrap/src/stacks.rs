//! The stacks of an estate as values: what each is called, where it lies, what it is made from
//! and what must be there before it.
//!
//! Deliberately absent: AWS, and what is there already. `wiring` says where each parameter comes
//! from.

use crate::naming::Suffix;
use crate::render::render;
use crate::settings::{Key, Settings};
use crate::wiring::{Source, Whose, extra, wires};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where Route 53's alarms and everything global must live.
pub const GLOBAL_REGION: &str = "us-east-1";

/// A side of the estate: a place, whatever it does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Where the estate serves when all is well.
    Primary,
    /// Where it serves after a failover.
    Standby,
}

impl Role {
    /// Both sides.
    pub const BOTH: [Role; 2] = [Role::Primary, Role::Standby];

    /// The word in names and parameters.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Primary => "primary",
            Role::Standby => "standby",
        }
    }

    /// The other side.
    pub const fn peer(self) -> Role {
        match self {
            Role::Primary => Role::Standby,
            Role::Standby => Role::Primary,
        }
    }
}

/// Where a template's stacks lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// One stack per side, in its region.
    Sides,
    Primary,
    Standby,
    Witness,
    Global,
}

macro_rules! templates {
    ($($template:ident $file:literal $place:ident;)*) => {
        /// A template; each lies in a file of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Template { $(#[doc = $file] $template),* }

        impl Template {
            /// Every template, in an order in which they can be built one after the other.
            pub const ALL: [Template; [$(Template::$template),*].len()] = [$(Template::$template),*];

            /// The word in names.
            pub const fn name(self) -> &'static str {
                match self { $(Template::$template => $file),* }
            }

            /// The file's text, placeholders included.
            pub const fn source(self) -> &'static str {
                match self { $(Template::$template => {
                    include_str!(concat!("../templates/", $file, ".yaml"))
                }),* }
            }

            const fn place(self) -> Place {
                match self { $(Template::$template => Place::$place),* }
            }
        }
    };
}

templates! {
    Anchor "anchor" Global;
    Foundation "foundation" Sides;
    Network "network" Sides;
    Global "global" Primary;
    Data "data" Sides;
    Storage "storage" Sides;
    Events "events" Standby;
    Latch "latch" Standby;
    App "app" Sides;
    Monitor "monitor" Sides;
    Edge "edge" Global;
    Witness "witness" Witness;
    Dashboard "dashboard" Standby;
    Daemon "daemon" Standby;
}

impl Template {
    /// Whether a stack of it holds what no second creation brings back.
    pub const fn is_stateful(self) -> bool {
        matches!(
            self,
            Template::Foundation
                | Template::Global
                | Template::Data
                | Template::Storage
                | Template::Events
                | Template::Latch
        )
    }

    /// Whether one stack per side is made from it.
    pub fn is_sided(self) -> bool {
        self.place() == Place::Sides
    }

    /// The body as CloudFormation gets it.
    pub fn body(self) -> String {
        render(self.source())
    }
}

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

    /// The region it lies in.
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
        match (self.role, self.template.place()) {
            (Some(Role::Primary), _) | (None, Place::Primary | Place::Sides) => primary,
            (Some(Role::Standby), _) | (None, Place::Standby) => standby,
            (None, Place::Witness) => witness,
            (None, Place::Global) => GLOBAL_REGION,
        }
    }

    /// The stack that `whose` means, seen from this one.
    pub(crate) fn other(self, template: Template, whose: Whose) -> StackId {
        let own = self.role.unwrap_or(Role::Primary);
        match whose {
            Whose::Once => StackId::once(template),
            Whose::Same => StackId::sided(template, own),
            Whose::Peer => StackId::sided(template, own.peer()),
            Whose::Primary => StackId::sided(template, Role::Primary),
            Whose::Standby => StackId::sided(template, Role::Standby),
        }
    }

    /// The stacks that must be there before this one can be built: those whose outputs it takes,
    /// and those that it names without taking anything.
    pub fn after(self) -> Vec<StackId> {
        let taken = wires(self.template).iter().filter_map(|(_, source)| {
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
            // First of all: whoever finds any stack finds the settings it was made with.
            all.push(StackId::once(Template::Anchor));
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests;
