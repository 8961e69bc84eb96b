//! What may be the case in a state, by name: the columns of the matrix.
//!
//! `seen` has what the sensors and looks show, `told` what commands and operators answer. Each is
//! arranged on top of "all is well", whatever the state.

mod seen;
mod told;

use super::Scene;
use crate::event::Event;

/// Something that may be the case, and the event that tells the machine.
#[derive(Debug)]
pub struct Situation {
    /// Its name, in the words of the README.
    pub name: &'static str,
    /// What makes it the case.
    pub(super) arrange: fn(&mut Scene),
    /// What is told then.
    pub(super) event: fn(&Scene) -> Event,
}

/// Every situation, in the order in which people should read them.
pub fn situations() -> impl Iterator<Item = &'static Situation> {
    seen::SEEN.iter().chain(told::TOLD)
}

const fn when(
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

fn tick(_: &Scene) -> Event {
    Event::Tick
}

fn look(scene: &Scene) -> Event {
    Event::Observed(scene.look())
}
