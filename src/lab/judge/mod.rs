//! Checks the promises of DESIGN section 5 after every step. Kept apart from the world and from
//! the machine: it keeps its own book of what the sensors reported and what drd asked for.
//!
//! Deliberately absent: S9 (an unreadable record has no rehearsal; `tests/lab/ledger.rs` has it).

mod acts;
mod duties;
mod leadership;
mod observations;
mod people;
mod requests;
mod retries;
mod staying;
mod watch;

pub use requests::Sender;
pub use watch::Leader;

use super::install::Install;
use super::latch::LatchOwner;
use super::pages::PagesTaken;
use super::world::World;
use crate::ledger::Entry;
use drd_state_machine::Setup;
use drd_state_machine::command::Command;
use drd_state_machine::event::{Event, Side, Verdict};
use drd_state_machine::policy::Policy;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Decision, event::Vantage};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The checked promises, as reports list them.
pub const CHECKED: [&str; 13] = [
    "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "L1", "L2", "L3", "L4", "L5",
];

/// What the promises state, whatever the configured policy is (S3).
const QUORUM: usize = 2;
/// A first term begins within this: two calls to the store.
const FIRST_TERM: Span = Span::secs(1);
/// A region that came back this recently could not be known to be back: three probes of 5 s.
const RECOVERED: Span = Span::secs(15);
/// A region that came back within this may not be known to be back: a look and its deadline, twice.
const JUST_BACK: Span = Span::secs(20);
/// The same where a sensor reports the contrary of what is so: only the next lag sample proves the life
/// then, after its period and its delivery.
const JUST_BACK_LIED_TO: Span = Span::secs(75);
/// Users who have been served for so long do not need another side.
const SERVED: Span = Span::secs(45);
/// A page that could not be delivered is tried again every 45 s; then one look and one deadline.
const PAGE_LATE: Span = Span::secs(45 + 20);

/// For so long what a wrong quorum reported may lead to an act: the longest hold-down and the time for
/// which an alarm's state counts.
const DECEIVED: Span = Span::secs(90 + 135);
/// For so long DNS may follow what somebody did to the latch: 40 s until the checkers see it, a resolver
/// that keeps its answer for 120 s more, and a look.
const DISTURBED: Span = Span::secs(40 + 120 + 20);

/// An alarm that flapped is as it was left until its next evaluation, a minute later at most, has arrived.
const FLAP_STANDS: Span = Span::secs(60 + 15);

/// For so long a request to move the latch may be on its way: an attempt's deadline.
const REDIRECT_LANDS: Span = Span::secs(15);

/// A promise that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: &'static str,
    /// When.
    pub at: Time,
    /// What was seen.
    pub what: String,
}

/// One endpoint sensor's newest reading, as it left for drd.
#[derive(Clone, Debug)]
struct JudgedReading {
    vantage: Vantage,
    verdict: Verdict,
    looked: Time,
    /// When it first looked and found that.
    since: Time,
}

/// The recovery time objective of a move.
fn objective(policy: &Policy, lossless: bool) -> Span {
    if lossless {
        policy.rto_lossless
    } else {
        policy.rto
    }
}

/// The judge and its book.
#[derive(Debug, Default)]
pub struct Judge {
    readings: Vec<(Arc<str>, Side, JudgedReading)>,
    quorum_since: [Option<Time>; 2],
    /// Since when the newest quorum that is over had lasted, and when it ended.
    quorum_lost: Option<(Time, Time)>,
    blind: Option<(Time, Time)>,
    blind_until: Option<Time>,
    /// Since when the database lives.
    alive_since: Option<Time>,
    accepted: BTreeSet<String>,
    role_changes_seen: usize,
    committed: Vec<(u64, Time)>,
    /// When a change of roles was last decided on.
    role_decided_at: Option<Time>,
    bad: Option<(Time, Time)>,
    pages: PagesTaken,
    /// Since when a page would be delivered.
    pages_arrive_since: Option<Time>,
    answer: Option<Side>,
    redirected_to: Option<Side>,
    redirected_at: Option<Time>,
    /// When the latch was asked to turn to the other side, and whether a store was away then: only the
    /// other one has it.
    turned_at: Option<Time>,
    one_store: bool,
    recovering_to: Option<Side>,
    handed_out: u64,
    settled: u64,
    requests: requests::Requests,
    people: people::PeopleBook,
    watch: watch::WatchBook,
    retries: retries::Retries,
    staying: staying::StayingBook,
    /// What did not hold; the first one is what matters.
    pub violations: Vec<Violation>,
    /// When an alarm flapped last.
    flapped_at: Option<Time>,
    /// When a quorum of fault domains was wrong last: what that leads to is counted, not judged.
    pub quorum_wrong_at: Option<Time>,
    /// Promotions that may lose writes, of a database that lived: within 20 s of its return, or while a
    /// quorum was wrong.
    pub lossy_of_living: u32,
    /// How many checks were made.
    pub checks: u64,
}

/// A switchover that ends within this would lose nothing: the replica is no further behind.
const SWITCHES_OVER_WITHIN: Span = Span::secs(120);

/// Whether the database lives: a client outside its region could commit to it, or a switchover would end
/// soon.
fn lives(world: &World) -> bool {
    let writer = world.writer;
    let answers = world.faults.answers(Install::First, writer, "rds");
    let follows = world.replica_connected && !world.faults.replication_stalled;
    let behind = world.now - world.replica_position();
    let switches = answers && follows && behind <= SWITCHES_OVER_WITHIN;
    world.takes_writes(writer) || (world.database_answers(writer) && switches)
}

/// Whether DNS may move without drd: the record or the latch was edited by hand, the roles were changed
/// by hand, or no store of the latch can be read. The loss of one of two moves nobody.
fn moved_by_others(world: &World) -> bool {
    let person = world.latch.owner([true; 2]) == Some(LatchOwner::Person);
    let just_now = world
        .disturbed_at
        .is_some_and(|at| world.now - at <= DISTURBED);
    let edited = world.faults.record_to.is_some() || just_now;
    let unreadable = world.readable_latches() == [false; 2];
    edited || person || world.by_hand || unreadable
}

/// Whether it asks for the writer that there is.
fn toward_writer(world: &World, command: &Command) -> bool {
    matches!(command, Command::Promote { to, .. } | Command::Switchover { to, .. } if *to == world.writer)
}

impl Judge {
    /// A judge with an empty book.
    pub fn new() -> Judge {
        Judge::default()
    }

    fn require(
        &mut self,
        holds: bool,
        promise: &'static str,
        at: Time,
        what: impl FnOnce() -> String,
    ) {
        self.checks += 1;
        if !holds && self.violations.len() < 16 {
            self.violations.push(Violation {
                promise,
                at,
                what: what(),
            });
        }
    }

    /// Something in the world changed, or time passed.
    pub fn world(&mut self, world: &World) {
        let now = world.now;
        self.pages = world.pages;
        if world.faults.alarm_flap.is_some() {
            self.flapped_at = Some(now);
        }
        if Side::BOTH
            .into_iter()
            .any(|side| self.quorum_is_wrong(world, side))
        {
            self.quorum_wrong_at = Some(now);
        }
        self.alive_since = lives(world).then(|| self.alive_since.unwrap_or(now));
        let arrive = match self.watch.leader() {
            Some(leader) => world.faults.page_arrives(leader.who),
            None => Install::BOTH
                .into_iter()
                .all(|who| world.faults.page_arrives(who)),
        };
        self.pages_arrive_since = arrive.then(|| self.pages_arrive_since.unwrap_or(now));
        if !world.takes_writes(world.answer) {
            let from = self
                .bad
                .filter(|(_, until)| now - *until <= RECOVERED)
                .map_or(now, |(from, _)| from);
            self.bad = Some((from, now));
        }
        while let Some((_, to, _)) = world.role_changes.get(self.role_changes_seen) {
            self.role_changes_seen += 1;
            let to = *to;
            let asked = world.by_hand || self.requests.newest_role() == Some(to);
            self.require(asked, "S1", now, || {
                format!("the writer moved to {to}, which is not what was asked for last")
            });
        }
        let moving = self
            .turned_at
            .is_some_and(|at| world.now - at <= REDIRECT_LANDS);
        self.one_store |= moving && world.readable_latches() != [true; 2];
        let before = self.answer.replace(world.answer);
        if before.is_some_and(|before| before != world.answer) {
            let asked = self.redirected_to.unwrap_or(Side::Primary) == world.answer;
            let excused = moved_by_others(world) || self.one_store;
            self.require(asked || excused, "L4", now, || {
                format!("DNS went to {} by itself", world.answer)
            });
            let writes = world.writer == world.answer;
            self.require(writes || excused, "L4", now, || {
                format!("DNS went to {}, not the writer", world.answer)
            });
        }
    }

    /// A daemon started on a ledger that is not the one that was written: its roles may be of another time.
    pub fn forgets(&mut self, now: Time, entries: &[Entry]) {
        self.watch.forgets();
        self.people.read_anew(now, entries);
        self.committed.clear();
        self.accepted.clear();
        // Nobody can wait for what is not written down any more.
        self.requests
            .sent
            .iter_mut()
            .for_each(|sent| sent.answered = true);
    }

    /// A role change is judged when it is decided, before its line is on its way: a daemon that
    /// dies before its command leaves, and the next one that sends it, act on that decision.
    pub fn decides(&mut self, world: &World, event: &Event, decision: &Decision, setup: &Setup) {
        self.people.proposed(world.now, event, decision);
        self.note_role_decided(world.now, decision);
        self.commits_all(world, decision, setup);
    }

    fn commits_all(&mut self, world: &World, decision: &Decision, setup: &Setup) {
        for command in &decision.commands {
            self.people.decided(world.now, command);
            self.commits(world, setup, command);
        }
    }

    /// After every decision that is durable. `entries`: the ledger, as it is now.
    pub fn decided(
        &mut self,
        world: &World,
        entries: &[Entry],
        decision: &Decision,
        setup: &Setup,
    ) {
        let now = world.now;
        self.people.read(now, entries);
        self.commits_all(world, decision, setup);
        decision
            .commands
            .iter()
            .for_each(|command| self.people.counts(command));
        self.require(!decision.because.is_empty(), "S5", now, || {
            "a decision without a reason".to_owned()
        });
    }

    /// Whether drd may act on what a quorum of wrong domains reported.
    fn is_deceived(&self, now: Time) -> bool {
        let at = self.quorum_wrong_at;
        at.is_some_and(|at| now - at <= DECEIVED)
    }

    /// Whether a page has been deliverable for so long that one must have arrived.
    fn pages_arrive(&self, now: Time) -> bool {
        let since = self.pages_arrive_since;
        since.is_some_and(|since| now - since > PAGE_LATE)
    }

    /// Whether any page was delivered.
    pub fn told(&self) -> bool {
        self.pages.any_at.is_some()
    }

    /// At the end: a long outage must have led to a decision, and a page must have been sent.
    pub fn end(&mut self, now: Time, setup: &Setup, blind: bool, outage: Span) {
        let told = self.told();
        let led_since = self.requests.led_since(now);
        let long = outage > setup.policy.rto
            && led_since.is_some_and(|since| now - since > setup.policy.rto)
            && self.pages_arrive(now)
            && !blind;
        let taken_over = led_since.is_some_and(|since| since > super::EPOCH + FIRST_TERM);
        let promise = if taken_over { "L2" } else { "L1" };
        self.require(!long || told, promise, now, || {
            format!("writes fail for {outage} and nobody was told")
        });
        let kept = self.handed_out == self.settled;
        let (out, back) = (self.handed_out, self.settled);
        self.require(kept, "L3", now, || {
            format!("{out} messages taken, {back} settled")
        });
    }
}
