//! The latch as Route 53's checkers see it: one object in each of two stores. PRIMARY is healthy where
//! both inverted checks are, so one readable object alone sends users to the standby; with none readable
//! the record fails safe to the primary (DESIGN section 7).
//!
//! Deliberately absent: how long resolvers keep an answer (`world`).

use drd_state_machine::event::Side;

/// Who wrote an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatchOwner {
    /// drd, in the course of an incident.
    Drd,
    /// Somebody else.
    Person,
}

/// The two stores: one in the standby's region, one in the witness's.
#[derive(Clone, Copy, Debug, Default)]
pub struct LatchStores {
    objects: [Option<LatchOwner>; 2],
}

impl LatchStores {
    /// Where users are sent, as far as these stores can be read.
    pub fn asks_for(&self, readable: [bool; 2]) -> Side {
        let thrown = self.objects.iter().zip(readable);
        if thrown
            .into_iter()
            .any(|(object, readable)| readable && object.is_some())
        {
            Side::Standby
        } else {
            Side::Primary
        }
    }

    /// What was written, whether or not it can be read.
    pub fn side(&self) -> Side {
        self.asks_for([true; 2])
    }

    /// Who wrote what there is; the newest writer of either object.
    pub fn owner(&self, readable: [bool; 2]) -> Option<LatchOwner> {
        let mut readable = self
            .objects
            .iter()
            .zip(readable)
            .filter(|(_, readable)| *readable);
        readable.find_map(|(object, _)| *object)
    }

    /// Sets the latch in the stores that can be reached. Gives whether it holds now: one object is
    /// enough to throw it, and both must be gone to clear it.
    pub fn set(&mut self, to: Side, owner: LatchOwner, reached: [bool; 2]) -> bool {
        for (object, reached) in self.objects.iter_mut().zip(reached) {
            if reached {
                *object = (to == Side::Standby).then_some(owner);
            }
        }
        match to {
            Side::Standby => reached.contains(&true),
            Side::Primary => self.objects == [None; 2],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_is_enough_to_throw_it_and_the_loss_of_one_store_moves_nobody_back() {
        let mut latch = LatchStores::default();
        assert!(latch.set(Side::Standby, LatchOwner::Drd, [false, true]));
        assert_eq!(latch.asks_for([true, true]), Side::Standby);
        assert!(latch.set(Side::Standby, LatchOwner::Drd, [true, true]));
        assert_eq!(latch.asks_for([false, true]), Side::Standby);
        assert_eq!(latch.asks_for([true, false]), Side::Standby);
        assert_eq!(latch.asks_for([false, false]), Side::Primary);
    }

    #[test]
    fn it_is_clear_only_when_both_objects_are_gone() {
        let mut latch = LatchStores::default();
        latch.set(Side::Standby, LatchOwner::Person, [true, true]);
        assert!(!latch.set(Side::Primary, LatchOwner::Drd, [true, false]));
        assert_eq!(latch.side(), Side::Standby);
        assert_eq!(latch.owner([true, true]), Some(LatchOwner::Person));
        assert!(latch.set(Side::Primary, LatchOwner::Drd, [false, true]));
        assert_eq!(latch.side(), Side::Primary);
    }
}
