//! What must never be. A fault is noted in the state where it happens, so that a broken rule has
//! a trace of its own.
//!
//! Deliberately absent: rehearsals' promises that need no second daemon. `lab/judge` has them.

use crate::brief::{Brief, Run};
use crate::estate::{Act, Estate};
use crate::host;
use crate::model::Protocol;
use crate::state::State;
use drd_state_machine::command::Kind;
use stateright::Property;

/// Rules that were broken, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wrong(u16);

/// A rule that is broken by a move, not by a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A line of one who no longer leads.
    StaleLine,
    /// A line under an older lease after one of a newer.
    TokenBack,
    /// An act that no durable decision asked for.
    Undecided,
    /// A role change against the newest durable decision.
    Overtaken,
    /// Traffic moved against the newest durable decision.
    TrafficBack,
    /// Traffic moved to a side that does not write.
    TrafficFirst,
    /// The side that serves lost its group.
    ActiveFenced,
}

impl Wrong {
    /// Notes it.
    pub fn note(&mut self, fault: Fault) {
        self.0 |= 1 << fault as u16;
    }

    /// Whether it happened.
    pub fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u16) != 0
    }
}

/// A request took effect. `newest` is the fold of the ledger at that moment.
pub fn took_effect(wrong: &mut Wrong, act: &Act, newest: &Brief, estate: &Estate) {
    // An older incident was decided on, or the newer could not have begun.
    let own = newest.run.filter(|run| run.incident_id == act.incident_id);
    let never_begun = own.is_none()
        && newest
            .run
            .is_none_or(|run| run.incident_id < act.incident_id);
    let not_committed = own.is_some_and(|run| !run.committed);
    if newest.incident_id < act.incident_id || not_committed || never_begun {
        wrong.note(Fault::Undecided);
    }
    let against = newest.run.is_some_and(|run| is_against(act, &run));
    match act.kind {
        Kind::Promote | Kind::Switchover if against => wrong.note(Fault::Overtaken),
        Kind::Fence if against => wrong.note(Fault::ActiveFenced),
        Kind::Redirect => {
            if against {
                wrong.note(Fault::TrafficBack);
            }
            if !estate.writable(act.side) {
                wrong.note(Fault::TrafficFirst);
            }
        }
        Kind::Promote
        | Kind::Switchover
        | Kind::Fence
        | Kind::Prescale
        | Kind::ScaleBack
        | Kind::Scale
        | Kind::ProveWrite
        | Kind::Page => {}
    }
}

/// Whether it undoes what the newest incident does or did. One that is not committed has done
/// nothing yet, so that a request of the one before may still agree with the truth.
fn is_against(act: &Act, run: &Run) -> bool {
    let older = run.committed && run.incident_id > act.incident_id;
    let moves_back = act.kind != Kind::Fence && act.side == run.from;
    let kills_the_new = act.kind == Kind::Fence && act.side == run.to;
    older && (moves_back || kills_the_new)
}

/// How many daemons could send now.
fn open_gates(state: &State) -> usize {
    (0..state.daemons.len())
        .filter(|who| host::gate_is_open(state, *who))
        .count()
}

macro_rules! never {
    ($name:literal, $fault:ident) => {
        Property::<Protocol>::always($name, |_, s| !s.wrong.has(Fault::$fault))
    };
}

/// Every rule.
pub fn properties() -> Vec<Property<Protocol>> {
    vec![
        Property::<Protocol>::always("at most one daemon may send", |_, s| open_gates(s) <= 1),
        never!("no line of one who no longer leads", StaleLine),
        never!("the ledger's fencing tokens never go back", TokenBack),
        never!("no act without a durable decision", Undecided),
        never!(
            "no role change against the newest durable decision",
            Overtaken
        ),
        Property::<Protocol>::always("at most one role change an incident", |_, s: &State| {
            s.effects.iter().all(|n| *n <= 1)
        }),
        never!(
            "no traffic moved against the newest durable decision",
            TrafficBack
        ),
        never!("no traffic to a side that does not write", TrafficFirst),
        never!("the side that serves keeps its group", ActiveFenced),
        Property::<Protocol>::always(
            "whatever happened, drd ends where it may stay",
            |m: &Protocol, s| m.heals(s),
        ),
    ]
}
