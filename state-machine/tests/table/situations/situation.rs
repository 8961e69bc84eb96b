//! What a situation is: a name, what arranges it, and the event that reports it.
//!
//! Deliberately absent: the situations themselves (`observed`, `answered`).

use crate::scene::Scene;
use drd_state_machine::event::Event;
use drd_state_machine::state::State;

/// Something that may be the case, and the event that reports it to the machine.
#[derive(Debug)]
pub struct Situation {
    /// Its name, in the words of the README.
    pub name: &'static str,
    /// What makes it the case.
    pub arrange: fn(&mut Scene),
    /// What happens then.
    pub event: fn(&Scene) -> Event,
}

impl Situation {
    /// This situation in a state, before its event.
    pub fn in_state(&self, state: &State) -> Scene {
        let mut scene = Scene::at_rest(state);
        (self.arrange)(&mut scene);
        scene
    }
}

pub const fn when(
    name: &'static str,
    arrange: fn(&mut Scene),
    event: fn(&Scene) -> Event,
) -> Situation {
    Situation {
        name,
        arrange,
        event,
    }
}

pub fn tick(_: &Scene) -> Event {
    Event::Tick
}

pub fn look(scene: &Scene) -> Event {
    Event::Observed(scene.look())
}
