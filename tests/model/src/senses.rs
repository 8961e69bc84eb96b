//! What a look at the estate shows, and the story up to the moment before the decision: three
//! minutes of peace, then the primary region is dark for a whole hold-down.
//!
//! Deliberately absent: false sensors, heartbeats and messages. The rehearsals have them; here
//! every reading is true, and the daemons and the wires are what fails.

use crate::estate::Estate;
use crate::turn::{LineFate, Turn};
use drd::clock::Clock;
use drd::engine::lease::Terms;
use drd::engine::port::{Answer, Input, Parts, StoreAnswer};
use drd::engine::{Engine, Environment, Pace};
use drd::intake::Known;
use drd::metrics::Metrics;
use drd_state_machine::Setup;
use drd_state_machine::event::{
    Check, GlobalView, LagSample, LagSource, Observation, RoleChange, Side, SideView, Signal,
    Vantage, Verdict,
};
use drd_state_machine::policy::{Policy, Sensor, Serving};
use drd_state_machine::time::{Span, Time};
use std::sync::Arc;

/// Instances that serve: any number does, nothing here depends on it.
const SERVING: u32 = 6;
/// Two domains for a quorum, and the control plane to name what is seen. More sensors with
/// the same reading would only make each step slower.
const VANTAGES: [Vantage; 3] = [Vantage::Witness, Vantage::Probe, Vantage::ControlPlane];
/// Where the story starts: any moment does.
const DAWN: Time = Time(1_767_225_600_000);
/// The daemon's own rhythm while it watches closely, and that of its renewals.
const LOOK_EVERY: Span = Span::secs(5);
/// The renewals of the story, as often as its looks, are so much older than they are: a look is
/// what decides, and no renewal is due in it.
pub const RENEWED_BEFORE: Span = Span::secs(1);
/// Longer than the detect slice: a story that has not decided by then never will.
const LOOKS_MAX: usize = 100;

/// The default policy; the daemons live in the standby region.
pub fn setup() -> Setup {
    let of = |side: Side| {
        VANTAGES.map(|vantage| Sensor {
            name: sensor(vantage, side),
            vantage,
            side,
        })
    };
    Setup {
        policy: Policy::default(),
        sensors: Side::BOTH.into_iter().flat_map(of).collect(),
        serving: Serving {
            min: SERVING,
            desired: SERVING,
            floor_percent: 50,
        },
        home: Some(Side::Standby),
    }
}

fn sensor(vantage: Vantage, side: Side) -> Arc<str> {
    Arc::from(format!("{}-{side}", vantage.name()))
}

/// Everything that is seen in one look.
pub fn answers(estate: &Estate, now: Time) -> Vec<Answer> {
    let signals = Side::BOTH
        .into_iter()
        .flat_map(|side| VANTAGES.map(|vantage| reading(estate, vantage, side, now)))
        .collect();
    let sample = LagSample {
        source: LagSource::Metric,
        taken_at: now,
        lag: Span::secs(1),
    };
    let follows = estate.connected && !estate.dark;
    let check = Check {
        name: Arc::from("engine_parity"),
        verdict: Verdict::Healthy,
        detail: Arc::from("16.4 on both sides"),
        gates: true,
    };
    vec![
        Answer::Sensed {
            vantage: Vantage::ControlPlane,
            side: Side::Primary,
            signals,
        },
        Answer::LagRead(follows.then(|| vec![sample])),
        Answer::Checked(vec![check]),
        Answer::Looked {
            parts: Parts::AROUND_AND_DNS,
            seen: observation(estate),
        },
    ]
}

fn reading(estate: &Estate, vantage: Vantage, side: Side, now: Time) -> Signal {
    let gone = estate.dark && side == Side::Primary;
    let serves = estate.writer == side && !estate.fenced[side.index()];
    let well = !gone && (serves || vantage == Vantage::ControlPlane);
    // Only what is pushed has an identity.
    let id = match vantage {
        Vantage::Witness | Vantage::Route53 | Vantage::Inside | Vantage::Replication => {
            Arc::from(now.0.to_string())
        }
        Vantage::Probe | Vantage::ControlPlane => Arc::from(""),
    };
    Signal {
        id,
        sensor: sensor(vantage, side),
        verdict: if well {
            Verdict::Healthy
        } else {
            Verdict::Unhealthy
        },
        observed_at: now,
        good_at: None,
    }
}

fn observation(estate: &Estate) -> Observation {
    let side = |side: Side| {
        let serving = if estate.fenced[side.index()] {
            0
        } else {
            SERVING
        };
        let gone = estate.dark && side == Side::Primary;
        (!gone).then_some(SideView {
            database_available: Some(true),
            in_service: Some(serving),
            healthy_targets: Some(serving),
            min_size: Some(SERVING),
        })
    };
    Observation {
        references: Verdict::Healthy,
        global: Some(GlobalView {
            writer: Some(estate.writer),
            writers: 1,
            role_change: estate
                .underway
                .map_or(RoleChange::Idle, |change| RoleChange::Underway(change.to)),
            replica_connected: estate.connected,
        }),
        sides: Side::BOTH.map(side),
        dns: Some(estate.traffic()),
        latch: None,
    }
}

/// Every daemon's clock: the model's time is the same on every host.
pub fn clock() -> Clock {
    Clock::at(DAWN, Span::ZERO)
}

/// A daemon of this name. Everything that it polls is due again at once, and is answered when the
/// model makes it look: so no moment of a poll makes two engines differ.
pub fn environment(name: &str) -> Environment {
    let setup = setup();
    let at_once = Span::ZERO;
    let metrics = Metrics::for_lab(&setup).expect("metrics of a fresh registry");
    Environment {
        metrics: Arc::new(metrics),
        known: Arc::new(Known::new("000000000000", setup.policy.event_max_age)),
        setup: Arc::new(setup),
        pace: Pace {
            armed: at_once,
            acting: at_once,
            roles: at_once,
            roles_after: at_once,
            probe: at_once,
            lag: at_once,
            alarms: at_once,
            alarms_closely: at_once,
            readiness: at_once,
            readiness_closely: at_once,
            heartbeat: at_once,
            heartbeat_closely: at_once,
            tick: at_once,
            tick_at_rest: at_once,
        },
        terms: Some(Terms::default()),
        name: name.to_owned(),
        secret: Arc::from("secret"),
        boot_id: Some(Arc::from(name)),
    }
}

/// The first daemon, just before the look after which it decides, and that look's moment.
pub fn before_the_decision(env: &Arc<Environment>) -> (Engine, Span) {
    let mut now = LOOK_EVERY;
    let begins = now - RENEWED_BEFORE;
    let engine = Engine::new(env.clone(), clock(), begins);
    let mut story = Turn::on(engine, env.setup.clone(), LineFate::Durable);
    take_the_lease(&mut story, begins);
    let peace = Estate {
        dark: false,
        connected: true,
        ..Estate::dark()
    };
    // 180 s: longer than any freshness that a decision asks for.
    let looks =
        std::iter::repeat_n(peace, 36).chain(std::iter::repeat_n(Estate::dark(), LOOKS_MAX));
    for estate in looks {
        story.give(now - RENEWED_BEFORE, [Input::Timer]);
        let before = story.engine.clone();
        look(&mut story, &estate, now);
        if has_decided(&story.engine) {
            return (before, now);
        }
        now = now + LOOK_EVERY;
    }
    panic!("a dark region was not decided on: {:?}", story.engine)
}

/// From the start to a term on an empty ledger.
fn take_the_lease(story: &mut Turn, now: Span) {
    story.take_writes(true);
    story.give(now, [Input::Timer]);
    for answer in [
        StoreAnswer::Lease(None),
        StoreAnswer::Ledger {
            record: None,
            sequence: 0,
        },
    ] {
        let (call, _) = story.call.take().expect("it asks the store");
        story.give(now, [Input::Stored { call, answer }]);
    }
}

fn look(story: &mut Turn, estate: &Estate, now: Span) {
    let term = story.engine.term().expect("it leads");
    let answers = answers(estate, story.engine.local(now));
    let inputs = answers
        .into_iter()
        .map(|answer| Input::Answered { term, answer });
    story.give(now, inputs);
}

fn has_decided(engine: &Engine) -> bool {
    engine
        .record()
        .is_some_and(|record| record.facts.incident.is_some())
}
