//! The simulated estate on its own clock.
//!
//! Deliberately absent: what the daemon makes of it (`tests/lab/simulated.rs`).

use super::*;

const START: Time = Time(1_767_225_600_000);

/// Second by second; gives the end.
fn run(state: &mut SimulatedState, from: Time, seconds: i64) -> Time {
    for second in 1..=seconds {
        state.advance(from + Span::secs(second));
    }
    from + Span::secs(seconds)
}

#[test]
fn a_healthy_estate_reports_to_the_queue_and_samples_its_lag() {
    let mut state = SimulatedState::new(1, START);
    state.advance(START);
    let samples = |state: &SimulatedState| {
        let read = state.lag().unwrap_or_default();
        let of = |source| read.iter().filter(|s| s.source == source).count();
        (of(LagSource::Metric), of(LagSource::Aws))
    };
    assert_eq!(samples(&state), (1, 1));
    let now = run(&mut state, START, 60);
    assert!(state.has_messages());
    assert_eq!(samples(&state), (3, 2));
    run(&mut state, now, 1200);
    // Ten minutes, both ends included: one every 30 s, and AWS's one a minute.
    assert_eq!(samples(&state), (21, 11));
}

#[test]
fn a_heartbeat_comes_back_through_the_queue() {
    let mut state = SimulatedState::new(1, START);
    assert!(state.heartbeat((START, "n-0")));
    state.advance(START + Span::secs(4));
    let bodies: Vec<Message> = state.take_batch();
    assert!(bodies.iter().any(|m| m.body.contains("drd.heartbeat")));
}

#[test]
fn a_fault_strikes_lasts_and_is_healed() {
    let mut state = SimulatedState::new(1, START);
    let mut dark = Fault::new(FaultKind::RegionDark, Span::ZERO);
    let first = state.strike(dark.clone());
    let probe = |state: &mut SimulatedState| {
        let reading = state.sense(Vantage::Probe, Side::Primary, START);
        reading.map(|(signal, _)| signal.verdict)
    };
    assert_eq!(probe(&mut state), Some(Verdict::Unhealthy));
    state.heal(first);
    assert_eq!(probe(&mut state), Some(Verdict::Healthy));
    dark.lasts = Some(Span::secs(10));
    state.strike(dark);
    run(&mut state, START, 9);
    assert_eq!(probe(&mut state), Some(Verdict::Unhealthy));
    run(&mut state, START, 10);
    assert_eq!(probe(&mut state), Some(Verdict::Healthy));
    let texts: Vec<String> = state.take_moments().into_iter().map(|m| m.text).collect();
    assert_eq!(
        texts,
        [
            "region_dark begins",
            "region_dark ends",
            "region_dark begins",
            "region_dark ends"
        ]
    );
}
