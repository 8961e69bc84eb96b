//! From here on nothing goes wrong any more: where does drd end? (L2)
//!
//! Deliberately absent: search. There is one way on when all is well.

use crate::daemon;
use crate::model::{Action, Doubt, Fate, Protocol};
use crate::moves::{self, holder};
use crate::state::{Daemon, State};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::Ordering;

/// Turns of 16 s: more than twice the objective of 300 s, after which people were told.
const TURNS_MAX: usize = 40;
/// A turn's own moves: a handful of requests and decisions, ten times over.
const MOVES_MAX: usize = 60;

impl Protocol {
    /// Whether drd ends in a state where it may stay, with nothing on its way and the truth as
    /// the record says. One daemon goes on, the other stays frozen.
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
            let renews = holder(&s).filter(|holder| *holder == who);
            moves::make(self, &mut s, Action::Lapse { renews });
        }
        self.turn(&mut s, who);
        self.ended_well(&s, who)
    }

    /// Everything that can happen at this moment without a fault, one after the other.
    fn turn(&self, s: &mut State, who: usize) {
        for _ in 0..MOVES_MAX {
            let before = s.clone();
            for action in self.next_of(s, who) {
                moves::make(self, s, action);
            }
            if *s == before {
                return;
            }
        }
    }

    fn next_of(&self, s: &State, who: usize) -> Vec<Action> {
        if !s.wire.is_empty() {
            let fate = Fate::Answered;
            return vec![Action::Arrive { at: 0, fate }];
        }
        if s.estate.underway.is_some() {
            return vec![Action::Complete];
        }
        match &s.daemons[who] {
            Daemon::Down => vec![Action::Restart { who }],
            Daemon::Follower(_) if daemon::may_take(self, s, who) => {
                vec![Action::Take { who, late: false }]
            }
            Daemon::Follower(_) => Vec::new(),
            Daemon::Elected(_) => vec![Action::Begin { who }],
            Daemon::Leader(l) if !l.silent.is_empty() => vec![Action::TimeOut { who }],
            Daemon::Leader(l) if !l.term.holds(s.now) => vec![Action::StepDown { who }],
            Daemon::Leader(l) if !l.pending.is_empty() => vec![Action::Perform { who, at: 0 }],
            Daemon::Leader(_) => vec![Action::Decide {
                who,
                doubt: Doubt::None,
            }],
        }
    }

    fn ended_well(&self, s: &State, who: usize) -> bool {
        let Some(leader) = s.leader(who) else {
            return false;
        };
        let brief = self.spine.brief(leader.record);
        let true_so = brief.active == s.estate.writer && brief.active == s.estate.traffic();
        brief.is_declared() && s.wire.is_empty() && (true_so || brief.state == "held")
    }
}

fn hash(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
