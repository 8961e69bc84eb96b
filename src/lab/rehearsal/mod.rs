//! Runs one rehearsal: what is due happens, in order, and the judge looks at every step.
//!
//! `inject` begins and ends faults, `deliver` carries what sensors report, `outcome` sums up.
//! Deliberately absent: what a daemon does (`host`), what a fault means (`faults`).

mod deliver;
mod inject;
mod outcome;

use super::EPOCH;
use super::client;
use super::coverage::Milestone;
use super::crash_point::Point;
use super::install::Install;
use super::judge::Leader;
use super::scenario::Scenario;
use super::simulation::{Bench, Happening, Moment, Rehearsed, Simulation};
use super::timing;
use crate::engine::lease::{Terms, takeover_after};
use drd_state_machine::time::Span;

/// How long one call to the store may take until it is made again.
const STORE_AGAIN: Span = Span::secs(1);

/// Rehearses a scenario. `watcher` receives each line of the timeline as it happens.
pub fn rehearse(
    scenario: &Scenario,
    seed: u64,
    bench: &Bench,
    watcher: &mut dyn FnMut(&Moment),
) -> Rehearsed {
    rehearse_to(scenario, seed, bench, None, watcher)
}

/// Rehearses a scenario in which the daemon dies at one append of its ledger.
pub fn rehearse_to(
    scenario: &Scenario,
    seed: u64,
    bench: &Bench,
    point: Option<Point>,
    watcher: &mut dyn FnMut(&Moment),
) -> Rehearsed {
    let mut run = Simulation::new(scenario, seed, bench, watcher);
    run.set_trap(point);
    run.run();
    run.finish()
}

impl Simulation<'_> {
    fn run(&mut self) {
        let end = EPOCH + self.scenario.duration;
        while let Some(next) = self.heap.pop().filter(|next| next.at <= end) {
            for told in self.world.advance(next.at) {
                self.say("world", told);
            }
            self.happen(*next.what);
            self.judged();
        }
    }

    /// Whether the one that leads is armed, as it would report.
    fn note_armed(&mut self) {
        let leader = self.leader().and_then(|who| self.process(who));
        let leader = leader.filter(|process| !process.engine.is_held_by_ledger());
        let armed = leader
            .and_then(|process| process.engine.record())
            .is_some_and(|record| record.facts.armed);
        if self.armed.last().is_none_or(|(_, before)| *before != armed) {
            self.armed.push((self.world.now - EPOCH, armed));
        }
    }

    /// Which faults meet which state of the one that leads.
    fn note_coverage(&mut self) {
        let leader = self.leader().and_then(|who| self.process(who));
        let record = leader.and_then(|process| process.engine.record());
        let phase = record.map(|record| record.state.phase());
        let faults = &self.scenario.faults;
        self.coverage.look(&self.world, faults, &self.active, phase);
    }

    fn judged(&mut self) {
        self.note_coverage();
        if !self.scenario.expect.armed.is_empty() {
            self.note_armed();
        }
        let now = self.world.now;
        self.judge.world(&self.world);
        let (watcher, messages) = (self.watcher_on_duty(), self.queue.messages.has_visible());
        self.judge.watches(&self.world, watcher, messages);
        self.judge.stays(&self.world, self.setup.serving, watcher);
        let failing_for = self.client.failing_for(now);
        self.judge.serves(now, failing_for, &self.setup.policy);
        if !self.shared {
            let leads = self.process(Install::First);
            let led = leads.is_some_and(|p| p.engine.leads());
            self.judge.leadership(now, led, false, Span::ZERO);
            return;
        }
        self.judge.table(now, &self.store.tokens);
        let awake = |who: &Install| self.process(*who).is_some_and(|p| !p.is_frozen(now));
        let leads = |who: &Install| awake(who) && self.leads(*who);
        let could = |who: &Install| {
            let stays = self.process(*who).is_some_and(|p| !p.stopping);
            awake(who) && stays && self.world.faults.store_is_well(*who)
        };
        let led = Install::BOTH.iter().any(leads);
        let able = Install::BOTH.iter().any(could);
        self.judge
            .leadership(now, led, able, Self::takeover_bound());
    }

    /// Who has to watch: it leads, is awake and stays, and its ledger works.
    fn watcher_on_duty(&self) -> Option<Leader> {
        let now = self.world.now;
        let on_duty = |who: &Install| {
            let (process, faults) = (self.process(*who)?, &self.world.faults);
            let able = !process.is_frozen(now) && !process.stopping;
            let ledger = if self.shared {
                faults.store_is_well(*who) && self.leads(*who)
            } else {
                let writes = !faults.ledger_down && !faults.fsync_hangs;
                writes && self.store.replaced.is_none() && process.engine.leads()
            };
            (able && ledger && !faults.isolated[who.index()]).then_some(Leader {
                who: *who,
                incarnation: process.incarnation,
            })
        };
        Install::BOTH.iter().find_map(on_duty)
    }

    /// After how long without a leader a daemon that could lead must: the lease and its margin, a
    /// poll, and four calls that are each given up once.
    fn takeover_bound() -> Span {
        let terms = Terms::default();
        takeover_after(terms.lease) + terms.renew + (terms.attempt() + STORE_AGAIN).times(4)
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::FaultOn(place) => self.fault_on(place),
            Happening::FaultOff(place) => self.fault_off(place),
            Happening::Second => {
                self.client.write(&self.world);
                self.after(client::PERIOD, Happening::Second);
            }
            Happening::Witness => {
                for message in self.sensors.witness(&self.world) {
                    self.send(Some(message));
                }
                self.after(timing::WITNESS, Happening::Witness);
            }
            Happening::Check => {
                self.sensors.check(&self.world);
                self.after(timing::CHECK, Happening::Check);
            }
            Happening::Alarm => self.alarm(),
            Happening::Flap => self.flap(),
            Happening::Inside => {
                for message in self.sensors.inside(&self.world) {
                    self.send(Some(message));
                }
                self.after(timing::INSIDE, Happening::Inside);
            }
            Happening::Lag => self.lag(),
            Happening::Queued(message) => {
                self.queue.messages.push(message);
                self.hand_out();
            }
            Happening::PollEnds(incarnation) => self.polls_end(incarnation),
            Happening::Redeliver => self.redeliver(),
            Happening::Send(signed) => self.leave(signed),
            Happening::Act(parcel) => self.act(parcel),
            Happening::Input(incarnation, input) => self.input(incarnation, input),
            Happening::Again(incarnation, term, done) => self.report_again(incarnation, term, done),
            Happening::Wake(incarnation) => self.wake(incarnation),
            Happening::Start(who) => self.start(who),
            Happening::Order(word, tries) => self.order(word, tries),
            Happening::Letter(letter) => self.letter(letter),
            Happening::LinesArrive => {
                if !self.store.arrive() {
                    self.reached.note(Milestone::StaleLeaderRefused);
                }
            }
        }
    }
}
