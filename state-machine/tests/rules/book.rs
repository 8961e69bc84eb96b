//! The promises of DESIGN section 5, checked after every decision against a book of its own:
//! what the sensors reported, what was proven, what was begun.
//!
//! Deliberately absent: S4, which one decision cannot show (`again`).

use drd_state_machine::command::{Command, Kind, Severity};
use drd_state_machine::event::{Event, Outcome, Side, Vantage, Verdict, Word};
use drd_state_machine::policy::Sensor;
use drd_state_machine::reading::Noted;
use drd_state_machine::record::{Incident, Trigger};
use drd_state_machine::state::{State, Stopped};
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Decision, Record, Setup};
use std::collections::{BTreeMap, BTreeSet};

/// What the book knows.
#[derive(Default)]
pub struct Book {
    /// The newest report of each sensor that the machine accepted.
    verdicts: BTreeMap<String, Verdict>,
    /// Since when a quorum of domains last reported down, with no healthy report in between.
    quorum_since: Option<Time>,
    /// Incidents in which a write was proven.
    proven: BTreeSet<u64>,
    /// Automatic role changes: the incident and when it began.
    begun: Vec<(u64, Time)>,
    /// Whether an operator ever gave an order that may begin something.
    operator: bool,
    /// How often each command was begun: a test that begins nothing proves nothing.
    pub counted: BTreeMap<Kind, u32>,
}

impl Book {
    /// After every decision.
    pub fn check(
        &mut self,
        setup: &Setup,
        before: &Record,
        event: &Event,
        decision: &Decision,
        after: &Record,
    ) {
        self.note(before, event, decision);
        self.note_quorum(setup, before, event, after);
        if before.state == State::Suspecting && after.state == State::Fencing {
            self.the_quorum_lasted(setup, event, after.facts.now);
        }
        has_a_reason(decision);
        if decision.matters {
            survives_json(after);
        }
        assert_eq!(decision.from, before.state.phase());
        assert_eq!(decision.to, after.state.phase());
        assert!(after.facts.incident_id >= before.facts.incident_id);
        if decision.is_transition() && matches!(after.state, State::Held { .. }) {
            is_paged(decision);
        }
        for command in &decision.commands {
            *self.counted.entry(command.kind()).or_default() += 1;
            assert_eq!(
                command.incident_id(),
                after.facts.incident_id,
                "of its own incident"
            );
            self.begins(setup, before, event, command, after);
        }
    }

    fn note(&mut self, before: &Record, event: &Event, decision: &Decision) {
        let counted = matches!(decision.noted, Noted::Changed | Noted::Refreshed);
        if let Event::Signalled(signal) = event
            && counted
        {
            self.verdicts
                .insert(signal.sensor.to_string(), signal.verdict);
        }
        if let Some(done) = event.finished() {
            let proves = matches!(done.outcome, Outcome::Done | Outcome::AlreadySo);
            if done.kind == Kind::ProveWrite
                && proves
                && done.incident_id == before.facts.incident_id
            {
                self.proven.insert(done.incident_id);
            }
        }
        self.operator |= matches!(
            event.word(),
            Some(Word::Failover | Word::Switchover | Word::Resume | Word::Abandon)
        );
    }

    fn begins(
        &mut self,
        setup: &Setup,
        before: &Record,
        event: &Event,
        command: &Command,
        after: &Record,
    ) {
        let incident = after.facts.incident.as_ref();
        let automatic = incident.is_none_or(|i| i.trigger == Trigger::Automatic);
        if command.kind() == Kind::Redirect {
            let proven = self.proven.contains(&command.incident_id());
            assert!(proven, "S6: redirect before a write was proven");
        }
        if !automatic {
            return;
        }
        let edge = command.kind().irreversible();
        let next_rung =
            matches!(before.state, State::Switching(_)) && command.kind() == Kind::Promote;
        let begins = is_free(&before.state) || next_rung;
        if let (true, true, Some(incident)) = (edge, begins, incident) {
            self.quorum_reports_down(setup, incident);
            self.is_first_in_the_cool_down(setup, command.incident_id(), after.facts.now);
        }
        if command.kind().mutates() && begins && event.word().is_none() {
            assert!(!after.facts.paused, "S7: {} while paused", command.kind());
        }
    }

    fn note_quorum(&mut self, setup: &Setup, before: &Record, event: &Event, after: &Record) {
        if before.facts.active != after.facts.active {
            self.quorum_since = None;
        }
        let quorum = usize::from(setup.policy.quorum);
        if self.domains_down(setup, after.facts.active).len() >= quorum {
            self.quorum_since.get_or_insert(after.facts.now);
        } else if let Event::Signalled(signal) = event {
            let counted = self.verdicts.get(&*signal.sensor) == Some(&signal.verdict);
            let about = |s: &&Sensor| s.name == signal.sensor && s.vantage.sees_endpoint();
            let sensor = setup.sensors.iter().find(about);
            let here = sensor.is_some_and(|s| s.side == after.facts.active);
            if counted && here && signal.verdict == Verdict::Healthy {
                self.quorum_since = None;
            }
        }
    }

    /// S2: the hold-down, unless an operator decided.
    fn the_quorum_lasted(&self, setup: &Setup, event: &Event, now: Time) {
        let lasted = self.quorum_since.map_or(Span::ZERO, |since| now - since);
        let enough = lasted >= setup.policy.hold_down || event.word().is_some();
        assert!(enough, "S2: decided after {lasted} of a quorum");
    }

    /// S2, S3: whatever the machine makes of them, enough domains last reported down.
    fn quorum_reports_down(&self, setup: &Setup, incident: &Incident) {
        let down = self.domains_down(setup, incident.from);
        let quorum = usize::from(setup.policy.quorum);
        assert!(
            down.len() >= quorum,
            "S2: a role change, only {down:?} say down"
        );
    }

    fn domains_down(&self, setup: &Setup, side: Side) -> BTreeSet<&'static str> {
        setup
            .sensors
            .iter()
            .filter(|s| s.side == side && s.vantage.sees_endpoint())
            .filter(|s| self.verdicts.get(&*s.name) == Some(&Verdict::Unhealthy))
            .map(|s| s.vantage.domain().name())
            .collect()
    }

    /// S1: one automatic role change per cool-down, unless an operator ordered one.
    fn is_first_in_the_cool_down(&mut self, setup: &Setup, incident_id: u64, now: Time) {
        let others = self.begun.iter().filter(|(e, _)| *e != incident_id);
        let latest = others.map(|(_, at)| *at).max();
        let cooled = latest.is_none_or(|at| now - at >= setup.policy.cool_down);
        assert!(cooled || self.operator, "S1: a second role change too soon");
        self.begun.push((incident_id, now));
    }

    /// The clock was set back: so is the book.
    pub fn clock_set_back(&mut self, by: Span) {
        for (_, at) in &mut self.begun {
            *at = *at - by;
        }
        self.quorum_since = self.quorum_since.map(|at| at - by);
    }
}

/// States in which nothing irreversible has been begun.
fn is_free(state: &State) -> bool {
    match state {
        State::Watching | State::Suspecting | State::Fencing => true,
        State::Held { stage, .. } => *stage == Stopped::Before,
        State::Promoting(_)
        | State::Redirecting { .. }
        | State::Verifying
        | State::Exposed
        | State::Switching(_) => false,
    }
}

fn has_a_reason(decision: &Decision) {
    let why = &decision.because;
    assert!(!why.is_empty());
    if decision.is_transition() || !decision.commands.is_empty() {
        assert_ne!(why, "noted", "{} -> {}", decision.from, decision.to);
        assert!(decision.matters, "what is to be done must be durable");
    }
}

fn is_paged(decision: &Decision) {
    let critical = |c: &Command| matches!(c, Command::Page { severity, .. } if *severity == Severity::Critical);
    let paged = decision.commands.iter().any(critical);
    assert!(paged, "held, and no page was sent: {}", decision.because);
}

/// Written and read again it is the same, and so is what is written then.
pub fn survives_json(record: &Record) {
    let text = serde_json::to_string(record).expect("a record is JSON");
    let read: Record = serde_json::from_str(&text).expect("a record can be read");
    assert_eq!(&read, record);
    assert_eq!(
        serde_json::to_string(&read).expect("a record is JSON"),
        text
    );
}

/// The vantages that look at the endpoint, for tests that draw one.
pub const ENDPOINT: [Vantage; 3] = [Vantage::Witness, Vantage::Route53, Vantage::Probe];
