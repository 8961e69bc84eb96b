//! What a look at the estate tells the machine, and the story up to the moment before the
//! decision: three minutes of peace, then the primary region is dark for a whole hold-down.
//!
//! Deliberately absent: false sensors, lag and readiness. The rehearsals and the rules have them;
//! here everybody says what is true, and the daemons and the wires are what fails.

use crate::estate::Estate;
use drd_state_machine::event::{
    Check, Event, GlobalView, LagSample, Observation, RoleChange, Side, SideView, Signal, Vantage,
    Verdict,
};
use drd_state_machine::policy::{Policy, Sensor, Serving};
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Record, Setup, step};
use std::sync::Arc;

/// Instances that serve: any number does, nothing here depends on it.
const SERVING: u32 = 6;
/// Two domains for a quorum, and the control plane to name what is seen. More sensors that say
/// the same would only make each step slower.
const VANTAGES: [Vantage; 3] = [Vantage::Witness, Vantage::Probe, Vantage::ControlPlane];
/// Where the story starts: any moment does.
const DAWN: Time = Time(1_767_225_600_000);
/// The daemon's own rhythm while it watches closely.
const LOOK_EVERY: Span = Span::secs(5);
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

/// Everything that is heard in one look.
pub fn events(estate: &Estate, now: Time) -> Vec<Event> {
    let mut events: Vec<Event> = Side::BOTH
        .into_iter()
        .flat_map(|side| VANTAGES.map(|vantage| spoken(estate, vantage, side, now)))
        .collect();
    if estate.connected && !estate.dark {
        events.push(Event::Sampled(LagSample {
            taken_at: now,
            lag: Span::secs(1),
        }));
    }
    let checks = vec![Check {
        name: Arc::from("engine_parity"),
        verdict: Verdict::Healthy,
        detail: Arc::from("16.4 on both sides"),
        gates: true,
    }];
    events.extend([
        Event::Checked { checks },
        Event::HeartbeatReturned {
            sent_at: now,
            stamped_at: now,
        },
        Event::Observed(observation(estate)),
        Event::Tick,
    ]);
    events
}

fn spoken(estate: &Estate, vantage: Vantage, side: Side, now: Time) -> Event {
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
    Event::Signalled(Signal {
        id,
        sensor: sensor(vantage, side),
        verdict: if well {
            Verdict::Healthy
        } else {
            Verdict::Unhealthy
        },
        observed_at: now,
    })
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
    }
}

/// The record just before the look that decides, and that look's moment.
pub fn before_the_decision(setup: &Setup) -> (Record, Time) {
    let mut now = DAWN;
    let mut record = Record::new(setup, now);
    let _ = step(&mut record, setup, now, &Event::Started);
    let peace = Estate {
        dark: false,
        connected: true,
        ..Estate::dark()
    };
    // 180 s: longer than any freshness that a decision asks for.
    let looks =
        std::iter::repeat_n(peace, 36).chain(std::iter::repeat_n(Estate::dark(), LOOKS_MAX));
    for estate in looks {
        let before = record.clone();
        for event in events(&estate, now) {
            let _ = step(&mut record, setup, now, &event);
        }
        if record.facts.incident.is_some() {
            return (before, now);
        }
        now = now + LOOK_EVERY;
    }
    panic!("a dark region was not decided on: {:?}", record.state)
}
