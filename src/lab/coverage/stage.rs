//! When in the story of an outage something struck, by the truth of the world.
//!
//! Deliberately absent: what drd makes of it. Its state is the other half of a cell.

use crate::lab::world::World;

/// A stage of the story. It only goes on: what comes after a first outage is after its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Users have been served all the time, and no role has changed.
    #[default]
    BeforeOnset,
    /// Users were without service at least once; Aurora has accepted no role change.
    BeforeAcceptance,
    /// Aurora accepted a role change; users are not served yet.
    AfterAcceptance,
    /// Users were served again by a writer that they are sent to.
    AfterEnd,
}

impl Stage {
    /// Every one, in order.
    pub const ALL: [Stage; 4] = [
        Stage::BeforeOnset,
        Stage::BeforeAcceptance,
        Stage::AfterAcceptance,
        Stage::AfterEnd,
    ];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::BeforeOnset => "before onset",
            Stage::BeforeAcceptance => "before acceptance",
            Stage::AfterAcceptance => "after acceptance",
            Stage::AfterEnd => "after the end",
        }
    }

    /// The stage that the story is in after this one, as the world is now.
    pub(in crate::lab) fn then(self, world: &World) -> Stage {
        let served = world.takes_writes(world.answer);
        let changing = world.role_change.is_some();
        let accepted = changing || !world.role_changes.is_empty();
        let before = self <= Stage::BeforeAcceptance;
        if before && accepted {
            Stage::AfterAcceptance
        } else if before && !served {
            Stage::BeforeAcceptance
        } else if self == Stage::AfterAcceptance && served && !changing {
            Stage::AfterEnd
        } else {
            self
        }
    }
}
