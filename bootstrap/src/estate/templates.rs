//! The templates that stacks are made from, one file each, embedded.
//!
//! Deliberately absent: their parameters (`parameters`), and reading YAML.

use crate::estate::render::render;

/// Where a template's stacks are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// One stack per side, in its region.
    Sides,
    /// The primary's region.
    Primary,
    /// The standby's region.
    Standby,
    /// The witness's region.
    Witness,
    /// us-east-1.
    Global,
}

macro_rules! templates {
    ($($template:ident $file:literal $place:ident;)*) => {
        /// A template; each is a file of its own.
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
                    include_str!(concat!("../../templates/", $file, ".yaml"))
                }),* }
            }

            pub(crate) const fn placement(self) -> Placement {
                match self { $(Template::$template => Placement::$place),* }
            }
        }
    };
}

templates! {
    Anchor "anchor" Global;
    Foundation "foundation" Sides;
    Latch "latch" Standby;
    Network "network" Sides;
    Global "global" Primary;
    Data "data" Sides;
    Storage "storage" Sides;
    Events "events" Standby;
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
        self.placement() == Placement::Sides
    }

    /// The body as CloudFormation gets it.
    pub fn body(self) -> String {
        render(self.source())
    }
}
