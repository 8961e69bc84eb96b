//! What is shown of a recovery: counted once, timed, and still there after a restart.
//!
//! Deliberately absent: what is shown while nothing is wrong.

use super::*;
use drd_state_machine::record::{FenceOutcome, Incident, Operation, Trigger};
use drd_state_machine::state::{Hold, Progress, State, Stopped};

fn incident() -> Incident {
    Incident {
        incident_id: 1,
        diagnosis: drd_state_machine::diagnosis::Diagnosis::RegionDark,
        operation: Operation::Failover,
        trigger: Trigger::Automatic,
        ordered_at: None,
        from: Side::Primary,
        to: Side::Standby,
        first_bad_at: NOW,
        onset_at: NOW,
        decided_at: NOW,
        loss: Some(Span::millis(400)),
        committed: false,
        fence: FenceOutcome::Unknown,
        fence_attempts: 0,
        fence_ended: 0,
        unfenced_attempts: 0,
        promoted_at: None,
        scaled_at: None,
        proven_at: None,
        redirected_at: None,
        ended_at: None,
        late: false,
    }
}

fn decision(from: Phase, to: Phase) -> Decision {
    Decision {
        from,
        to,
        commands: Vec::new(),
        because: "a test".into(),
        noted: Noted::Refreshed,
        matters: true,
    }
}

#[test]
fn a_recovery_is_counted_once_and_timed_from_the_first_bad_sample() {
    let page = page_after_a_recovery(NOW + Span::secs(120));
    let automatic = "{operation=\"failover\",trigger=\"automatic\"}";
    let promoting = "drd_failover_phase_duration_seconds_sum{phase=\"promoting\"}";
    for (series, expected) in [
        (format!("drd_failovers_total{automatic}").as_str(), "1"),
        (&format!("drd_failovers_failed_total{automatic}"), "0"),
        ("drd_last_failover_recovery_time_seconds", "120"),
        ("drd_last_failover_data_loss_seconds", "0.4"),
        ("drd_active_side{side=\"standby\"}", "1"),
        ("drd_active_side{side=\"primary\"}", "0"),
        ("drd_failover_in_progress", "0"),
        ("drd_state{state=\"exposed\"}", "1"),
        (promoting, "120"),
    ] {
        assert_eq!(value(&page, series), Some(expected), "{series}");
    }
}

/// What is shown after a failover that is decided at [`NOW`], ends at this moment, and is followed
/// by one more event.
fn page_after_a_recovery(end: Time) -> String {
    let (metrics, setup) = (metrics(), setup());
    let mut before = Record::new(&setup, NOW);
    before.state = State::Promoting(Progress::default());
    before.facts.incident = Some(incident());
    let mut committed = before.clone();
    committed.facts.incident = Some(Incident {
        committed: true,
        ..incident()
    });
    let mut done = committed.clone();
    done.state = State::Exposed;
    done.facts.now = end;
    done.facts.active = Side::Standby;
    done.facts.entered_at = end;
    done.facts.incident = Some(Incident {
        redirected_at: Some(end),
        ended_at: Some(end),
        committed: true,
        ..incident()
    });
    for (old, new, to, at) in [
        (&before, &committed, Phase::Promoting, NOW),
        (&committed, &done, Phase::Exposed, end),
        (&done, &done, Phase::Exposed, end),
    ] {
        let from = if old.state == State::Exposed {
            Phase::Exposed
        } else {
            Phase::Promoting
        };
        metrics.decided(old, new, &decision(from, to), at, &setup);
    }
    metrics.render()
}

#[test]
fn a_recovery_that_stops_is_counted_as_failed_once() {
    let (metrics, setup) = (metrics(), setup());
    let mut going = Record::new(&setup, NOW);
    going.state = State::Promoting(Progress::default());
    going.facts.incident = Some(Incident {
        committed: true,
        ..incident()
    });
    let mut held = going.clone();
    held.state = State::Held {
        hold: Hold::OutOfTime,
        stage: Stopped::Promoting(Progress::default()),
    };
    metrics.decided(
        &going,
        &held,
        &decision(Phase::Promoting, Phase::Held),
        NOW,
        &setup,
    );
    metrics.decided(
        &held,
        &held,
        &decision(Phase::Held, Phase::Held),
        NOW,
        &setup,
    );
    let mut given_up = held.clone();
    given_up.state = State::Watching;
    given_up.facts.incident = Some(Incident {
        committed: true,
        ended_at: Some(NOW),
        ..incident()
    });
    metrics.decided(
        &held,
        &given_up,
        &decision(Phase::Held, Phase::Watching),
        NOW,
        &setup,
    );
    let failed = "drd_failovers_failed_total{operation=\"failover\",trigger=\"automatic\"}";
    assert_eq!(value(&metrics.render(), failed), Some("1"));
}

#[test]
fn the_newest_recovery_is_shown_again_after_a_restart() {
    let (metrics, setup) = (metrics(), setup());
    let mut record = Record::new(&setup, NOW);
    record.facts.active = Side::Standby;
    record.facts.incident = Some(Incident {
        redirected_at: Some(NOW),
        ended_at: Some(NOW + Span::secs(130)),
        committed: true,
        ..incident()
    });
    metrics.decided(
        &record,
        &record,
        &decision(Phase::Exposed, Phase::Exposed),
        NOW,
        &setup,
    );
    let page = metrics.render();
    assert_eq!(
        value(&page, "drd_last_failover_recovery_time_seconds"),
        Some("130")
    );
    assert_eq!(
        value(&page, "drd_last_failover_data_loss_seconds"),
        Some("0.4")
    );
    assert_eq!(
        value(&page, "drd_failover_started_timestamp_seconds"),
        Some("1000000")
    );
    // It was counted by the daemon before the restart.
    let automatic = "drd_failovers_total{operation=\"failover\",trigger=\"automatic\"}";
    assert_eq!(value(&page, automatic), Some("0"));
}
