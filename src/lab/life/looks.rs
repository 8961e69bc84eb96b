//! How a leader looks at the world: the probe, the look, readiness, the heartbeat.
//!
//! Deliberately absent: what is made of it.

use super::super::daemon::Place;
use super::super::rehearsal::{Rehearsal, Turn, control_plane, look, probe, readiness};
use drd_state_machine::event::{Event, Side, Verdict};
use drd_state_machine::time::Span;

const PROBE_EVERY: Span = Span::secs(5);
const LOOK_ARMED: Span = Span::secs(30);
const LOOK_ACTING: Span = Span::secs(5);
const READINESS_EVERY: Span = Span::secs(300);
const HEARTBEAT_EVERY: Span = Span::secs(60);
/// What an attempt against a silent region costs drd.
const CALL_TIMEOUT: Span = Span::secs(5);

impl Rehearsal<'_> {
    fn generation_of(&self, who: Place) -> u64 {
        self.life(who).map_or(0, |life| life.generation)
    }

    pub(super) fn probe(&mut self, who: Place) {
        let generation = self.generation_of(who);
        let active = self.active(who);
        let acting = self.looks_closely(who);
        self.next(generation, PROBE_EVERY, Turn::Probe);
        for side in Side::BOTH {
            if side == active || acting {
                if self.whose(generation).is_none() {
                    return;
                }
                let Some(local) = self.local(who) else { return };
                let signal = probe(&self.world, who, side, local);
                self.judge_hears_own(who, &signal.sensor, signal.verdict);
                self.tell(who, Event::Signalled(signal));
            }
        }
    }

    fn judge_hears_own(&mut self, who: Place, sensor: &str, verdict: Verdict) {
        let now = self.world.now;
        if self.world.faults.isolated[who.index()] {
            self.judge.blind(now);
            return;
        }
        if let Some(spec) = self.setup.sensors.iter().find(|s| *s.name == *sensor) {
            self.judge.heard(now, now, &spec.name, spec, verdict);
        }
    }

    pub(super) fn look_in(&mut self, who: Place, span: Span) {
        let at = self.world.now + span;
        let generation = self.generation_of(who);
        if let Some(life) = self.life_mut(who) {
            life.look_at = at;
        }
        self.next(generation, span, Turn::Look);
    }

    /// What answers is told at once; what hangs costs a timeout and holds nothing else up.
    pub(super) fn look(&mut self, who: Place) {
        let generation = self.generation_of(who);
        let acting = self.looks_closely(who);
        let seen = look(&self.world, who, self.active(who), acting);
        let quick = self.chance.span(Span::millis(100), Span::millis(600));
        let isolated = self.world.faults.isolated[who.index()];
        let waited = if isolated { CALL_TIMEOUT } else { quick };
        self.next(generation, waited, Turn::Tell(Event::Observed(seen)));
        for side in Side::BOTH {
            let Some(local) = self.local(who) else { return };
            let signal = control_plane(&self.world, who, side, local);
            let hung = signal.verdict != Verdict::Healthy;
            let after = if hung { CALL_TIMEOUT } else { quick };
            if !isolated {
                self.next(generation, after, Turn::Tell(Event::Signalled(signal)));
            }
        }
        self.look_in(who, if acting { LOOK_ACTING } else { LOOK_ARMED });
    }

    pub(super) fn check(&mut self, who: Place) {
        let generation = self.generation_of(who);
        let checks = readiness(&self.world, who, self.active(who));
        let turn = Turn::Tell(Event::Checked { checks });
        self.next(generation, Span::secs(1), turn);
        self.next(generation, READINESS_EVERY, Turn::Readiness);
    }

    pub(super) fn heartbeat(&mut self, who: Place) {
        let reachable = self.world.faults.answers(who, Side::Standby, "events");
        if let (true, Some(local)) = (reachable, self.local(who)) {
            let message = self.senses.heartbeat(&self.world, local);
            self.send(Some(message));
        }
        let generation = self.generation_of(who);
        self.next(generation, HEARTBEAT_EVERY, Turn::Heartbeat);
    }
}
