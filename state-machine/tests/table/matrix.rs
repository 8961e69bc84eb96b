//! The whole matrix, as one snapshot: a changed behaviour is a visible diff. And what can be
//! read off it: nothing is unreachable, nothing is a dead end, nothing panics.
//!
//! Deliberately absent: sequences of events (`rules`).

use crate::common::sample_states;
use crate::rows::{label, rows};
use crate::scene::Scene;
use crate::situations::situations;
use crate::write::matrix;
use drd_state_machine::Phase;
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Completion, Event, Observation, Outcome, Signal, Vantage, Verdict};
use drd_state_machine::state::State;
use drd_state_machine::step;
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn every_state_in_every_situation() {
    insta::assert_snapshot!(matrix(&rows()));
}

#[test]
fn every_row_that_acts_has_a_reason() {
    for row in rows().iter().filter(|row| row.acts()) {
        assert!(!matches!(&*row.because, "" | "noted"), "{row:?}");
    }
}

#[test]
fn every_command_is_given_by_some_row() {
    let rows = rows();
    for kind in Kind::ALL {
        let given = rows
            .iter()
            .flat_map(|row| &row.commands)
            .any(|c| c.kind() == kind);
        assert!(given, "no row gives {kind}");
    }
}

/// A page that failed cannot be paged about; the end of every other command counts.
#[test]
fn the_end_of_every_command_but_a_page_changes_something_in_some_state() {
    let rows = rows();
    for kind in Kind::ALL {
        let consumed = rows
            .iter()
            .any(|row| row.ended == Some(kind) && row.consumed);
        assert_eq!(consumed, kind != Kind::Page, "{kind}");
    }
}

#[test]
fn every_state_is_entered_and_left_by_some_row() {
    let moves: Vec<_> = rows()
        .into_iter()
        .filter(|row| row.is_transition())
        .collect();
    for name in Phase::ALL.map(Phase::name) {
        assert!(
            moves.iter().any(|row| row.next == name),
            "{name} is never entered"
        );
    }
    for state in sample_states() {
        let label = label(&state);
        assert!(
            moves.iter().any(|row| row.state == label),
            "{label} is never left"
        );
    }
}

#[test]
fn every_kind_of_event_is_in_the_matrix() {
    let mut kinds = BTreeSet::new();
    for situation in situations() {
        let scene = situation.in_state(&State::Watching);
        kinds.insert((situation.event)(&scene).name());
    }
    let all = [
        "checked",
        "finished",
        "heartbeat_returned",
        "observed",
        "ordered",
        "sampled",
        "signalled",
        "started",
        "tick",
    ];
    assert_eq!(kinds, BTreeSet::from(all));
}

/// In every state, in every situation: what an unknown sensor reports, what belongs to an older
/// incident, and the end of an attempt that was never made have the effect of a tick.
#[test]
fn what_concerns_no_incident_has_the_effect_of_a_tick() {
    for state in sample_states() {
        for situation in situations() {
            let scene = situation.in_state(&state);
            let mut ticked = scene.record.clone();
            let tick = step(&mut ticked, &scene.setup, scene.now, &Event::Tick);
            for event in of_no_concern(&scene) {
                let mut after = scene.record.clone();
                let decision = step(&mut after, &scene.setup, scene.now, &event);
                let place = format!("{} in {}: {event:?}", situation.name, label(&state));
                assert_eq!(decision.commands, tick.commands, "{place}");
                assert_eq!(after, ticked, "{place}");
            }
        }
    }
}

fn of_no_concern(scene: &Scene) -> Vec<Event> {
    let stranger = Event::Signalled(Signal {
        id: Arc::from("m-1"),
        sensor: Arc::from("nobody-knows-it"),
        verdict: Verdict::Unhealthy,
        observed_at: scene.now,
        good_at: None,
    });
    let old = Event::Signalled(Signal {
        id: Arc::from("m-2"),
        sensor: scene.setup.sensors[0].name.clone(),
        verdict: Verdict::Unhealthy,
        observed_at: scene.now - scene.setup.policy.event_max_age.times(2),
        good_at: None,
    });
    assert_eq!(scene.setup.sensors[0].vantage, Vantage::Witness);
    let incident_id = scene.record.facts.incident_id;
    let ended = |kind, incident_id, attempt, outcome: &Outcome| {
        Event::Finished(Completion {
            kind,
            incident_id,
            attempt,
            outcome: outcome.clone(),
        })
    };
    let why = "AccessDenied".to_owned();
    let outcomes = [Outcome::Done, Outcome::Denied { why }];
    let mut events = vec![stranger, old];
    for kind in Kind::ALL {
        for outcome in &outcomes {
            events.push(ended(kind, incident_id + 1, 1, outcome));
            events.push(ended(kind, incident_id.wrapping_sub(1), 1, outcome));
        }
    }
    for kind in [Kind::Promote, Kind::Switchover, Kind::Scale, Kind::Redirect] {
        for outcome in &outcomes {
            events.push(ended(kind, incident_id, 99, outcome));
        }
    }
    events
}

#[test]
fn a_look_that_could_read_nothing_begins_nothing() {
    for state in sample_states() {
        for situation in situations() {
            let scene = situation.in_state(&state);
            let (mut ticked, mut looked) = (scene.record.clone(), scene.record.clone());
            let blind = Event::Observed(Observation::default());
            let tick = step(&mut ticked, &scene.setup, scene.now, &Event::Tick);
            let look = step(&mut looked, &scene.setup, scene.now, &blind);
            let mutates = |d: &drd_state_machine::Decision| {
                d.commands.iter().filter(|c| c.kind().mutates()).count()
            };
            assert!(
                mutates(&look) <= mutates(&tick),
                "{} in {}",
                situation.name,
                label(&state)
            );
        }
    }
}
