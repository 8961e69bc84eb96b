//! From here on nothing goes wrong any more: where does drd end? (L2)
//!
//! Deliberately absent: search. There is one way on when all is well.

use crate::host;
use crate::lease_calls;
use crate::model::{AnswerFate, Doubt, Fate, Move, Protocol};
use crate::moves::{self, holder};
use crate::state::{Awaited, State};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::Ordering;

/// Turns of 17 s: more than twice the objective of 300 s, after which operators were paged.
const TURNS_MAX: usize = 40;
/// A turn's own moves: a handful of requests and decisions, ten times over.
const MOVES_MAX: usize = 60;

impl Protocol {
    /// Whether drd ends in a state where it may stay, with nothing on its way and the truth as
    /// the record has it. One daemon goes on, the other stays frozen.
    pub fn heals(&self, state: &State) -> bool {
        if self.heal_one_in == 0 || !hash(state).is_multiple_of(self.heal_one_in) {
            return true;
        }
        self.healed.fetch_add(1, Ordering::Relaxed);
        (0..state.daemons.len()).all(|who| self.heals_with(state.clone(), who))
    }

    fn heals_with(&self, mut s: State, who: usize) -> bool {
        s.left = crate::state::Budget {
            lapses: u8::MAX,
            losses: u8::MAX,
            ..s.left
        };
        for _ in 0..TURNS_MAX {
            self.turn(&mut s, who);
            let renews = holder(self, &s).filter(|holder| *holder == who);
            let fate = AnswerFate::Prompt;
            moves::make(self, &mut s, Move::Lapse { renews, fate });
        }
        self.turn(&mut s, who);
        self.ended_well(&s, who)
    }

    /// Everything that can happen at this moment without a fault, one after the other.
    fn turn(&self, s: &mut State, who: usize) {
        for _ in 0..MOVES_MAX {
            let before = s.clone();
            if let Some(next) = self.next_of(s, who) {
                moves::make(self, s, next);
            }
            if *s == before {
                return;
            }
        }
    }

    fn next_of(&self, s: &State, who: usize) -> Option<Move> {
        if !s.wire.is_empty() {
            let fate = Fate::Answered;
            return Some(Move::Arrive { at: 0, fate });
        }
        if s.estate.underway.is_some() {
            return Some(Move::Complete);
        }
        let Some(process) = s.process(who) else {
            return Some(Move::Restart { who });
        };
        if let Some(Awaited::Ledger { .. }) = process.awaited {
            return Some(Move::Begin { who });
        }
        if lease_calls::may_take(self, s, who) {
            let fate = AnswerFate::Prompt;
            return Some(Move::Take { who, fate });
        }
        if !self.engines.standing(process.engine).leads {
            return None;
        }
        Some(if !host::gate_is_open(s, who) {
            Move::StepDown { who }
        } else if !process.silent.is_empty() {
            Move::TimeOut { who }
        } else if !process.pending.is_empty() {
            Move::Perform { who, at: 0 }
        } else {
            let doubt = Doubt::None;
            Move::Decide { who, doubt }
        })
    }

    fn ended_well(&self, s: &State, who: usize) -> bool {
        let Some(brief) = host::standing(self, s, who).and_then(|daemon| daemon.brief) else {
            return false;
        };
        let true_so = brief.active == s.estate.writer && brief.active == s.estate.traffic();
        brief.is_declared() && s.wire.is_empty() && (true_so || brief.state == "held")
    }
}

fn hash(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
