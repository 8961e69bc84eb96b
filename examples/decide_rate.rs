//! How fast drd decides, rehearses and parses, on this machine, on one core.
//!
//! `cargo run --release --example decide_rate`. Deliberately absent: thresholds. A figure is
//! worth something beside another one of the same machine and the same hour.
#![expect(
    clippy::disallowed_methods,
    reason = "measures real time; nothing is decided by it"
)]
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use drd::cli::gameday::play;
use drd::intake::{Known, Parsed, compose, parse};
use drd::lab::simulation::Bench;
use drd::lab::{EPOCH, estate, soak};
use drd_state_machine::event::{
    Check, Event, GlobalView, LagSample, LagSource, Observation, RoleChange, Side, SideView,
    Signal, Vantage, Verdict,
};
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Phase, Record, step};
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// Virtual hours of watching: long enough for a second of real time.
const HOURS: i64 = 2000;
const SEEDS: u64 = 2000;
const BODIES: u64 = 200_000;

fn main() -> Result<(), Box<dyn Error>> {
    let bench = play::bench()?;
    steps(&bench);
    rehearsals(&bench);
    bodies();
    Ok(())
}

fn show(what: &str, count: u64, since: Instant, how: &str) {
    let seconds = since.elapsed().as_secs_f64();
    let rate = count as f64 / seconds;
    println!("{what:<24} {rate:>12.0} a second   {how}; {count} in {seconds:.2} s");
}

/// What reaches the machine in an hour of watching, with the daemon's own periods.
fn hour() -> Vec<(Span, Event)> {
    let mut events = Vec::new();
    for second in 0..3600 {
        let at = Span::secs(second);
        let time = EPOCH + at;
        if second % 5 == 0 {
            events.push((at, own(Vantage::Probe, Side::Primary, time)));
        }
        if second % 30 == 0 {
            events.push((at, own(Vantage::ControlPlane, Side::Primary, time)));
            events.push((at, own(Vantage::ControlPlane, Side::Standby, time)));
            events.push((at, Event::Observed(observation())));
            events.push((
                at,
                Event::Sampled(LagSample {
                    source: LagSource::Events,
                    taken_at: time,
                    lag: Span::millis(800),
                }),
            ));
        }
        if second % 60 == 0 {
            let id = format!("{second:08x}-0000-4000-8000-000000000000").into();
            let sensor = estate::sensor_name(Vantage::Witness, Side::Primary).into();
            let signal = Signal {
                id,
                sensor,
                verdict: Verdict::Healthy,
                observed_at: time,
                good_at: None,
            };
            events.push((at, Event::Signalled(signal)));
            events.push((
                at,
                Event::HeartbeatReturned {
                    sent_at: time,
                    stamped_at: time,
                    earlier_lost: false,
                },
            ));
        }
        if second % 300 == 0 {
            events.push((at, Event::Checked { checks: checks() }));
        }
        events.push((at, Event::Tick));
    }
    events
}

fn own(vantage: Vantage, side: Side, observed_at: Time) -> Event {
    let sensor = estate::sensor_name(vantage, side).into();
    Event::Signalled(Signal {
        id: Arc::from(""),
        sensor,
        verdict: Verdict::Healthy,
        observed_at,
        good_at: None,
    })
}

fn observation() -> Observation {
    let global = GlobalView {
        writer: Some(Side::Primary),
        writers: 1,
        role_change: RoleChange::Idle,
        replica_connected: true,
    };
    let side = |size| SideView {
        database_available: Some(true),
        in_service: Some(size),
        healthy_targets: Some(size),
        min_size: Some(size),
    };
    Observation {
        references: Verdict::Healthy,
        global: Some(global),
        sides: [Some(side(6)), Some(side(1))],
        dns: None,
        latch: None,
    }
}

fn checks() -> Vec<Check> {
    [
        "engine_parity",
        "standby_members",
        "permissions",
        "failover_pair",
    ]
    .into_iter()
    .map(|name| Check {
        name: name.into(),
        verdict: Verdict::Healthy,
        detail: "as it should be".into(),
        gates: true,
    })
    .collect()
}

/// The hour again and again, on times that go on: nothing is cloned but the event's few strings.
fn steps(bench: &Bench) {
    let hour = hour();
    let mut record = Record::new(&bench.setup, EPOCH);
    let since = Instant::now();
    let mut count = 0;
    for number in 0..HOURS {
        let start = Span::secs(number * 3600);
        for (at, event) in &hour {
            let event = later(event, start);
            black_box(step(&mut record, &bench.setup, EPOCH + start + *at, &event).matters);
            count += 1;
        }
    }
    assert_eq!(
        record.state.phase(),
        Phase::Watching,
        "this was to be a quiet time"
    );
    assert!(
        record.facts.armed,
        "this was to be a quiet time of an armed drd"
    );
    show(
        "step()",
        count,
        since,
        "watching: probes, looks, samples, ticks; building the event included",
    );
}

fn later(event: &Event, by: Span) -> Event {
    let mut event = event.clone();
    match &mut event {
        Event::Signalled(signal) => signal.observed_at = signal.observed_at + by,
        Event::Sampled(sample) | Event::LagRead(sample) => sample.taken_at = sample.taken_at + by,
        Event::HeartbeatReturned {
            sent_at,
            stamped_at,
            ..
        } => {
            *sent_at = *sent_at + by;
            *stamped_at = *stamped_at + by;
        }
        Event::Tick
        | Event::Started
        | Event::Observed(_)
        | Event::Checked { .. }
        | Event::Finished(_)
        | Event::Ordered { .. } => {}
    }
    event
}

fn rehearsals(bench: &Bench) {
    let since = Instant::now();
    let plan = soak::SoakPlan {
        base: 0,
        seeds: SEEDS,
        jobs: 1,
        keep_going: false,
    };
    let soaked = soak::soak(plan, bench, &|_| {});
    assert!(
        soaked.first_violation.is_none(),
        "a promise was broken: see drd gameday soak"
    );
    let how = format!(
        "soak of 20 virtual minutes each, one thread, judge on, {} checks",
        soaked.checks
    );
    show("rehearsals", soaked.seeds, since, &how);
}

fn bodies() {
    let arn = estate::alarm_arn(Vantage::Route53, Side::Primary);
    let known = Known::new(estate::ACCOUNT, Span::secs(300))
        .region("us-east-1")
        .alarm(&arn, estate::sensor_name(Vantage::Route53, Side::Primary));
    let id = "00000001-0000-4000-8000-000000000001";
    let body = compose::alarm_event_json(id, &arn, Verdict::Healthy, Verdict::Unhealthy, EPOCH);
    let since = Instant::now();
    for _ in 0..BODIES {
        let parsed = parse(black_box(&body), &known, EPOCH + Span::secs(2));
        assert!(
            matches!(black_box(parsed), Parsed::Signal(_)),
            "the body is no signal"
        );
    }
    let how = format!("EventBridge alarm body of {} bytes -> Event", body.len());
    show("intake", BODIES, since, &how);
}
