//! The plan of polls by itself: what is taken of a reading, and what a change hastens.

use super::*;
use crate::engine::polling::Polling;
use crate::engine::port::Parts;
use drd_state_machine::Record;
use drd_state_machine::event::{LagSample, LagSource, Side};
use drd_state_machine::state::{Progress, State};

const NOW: Span = Span::secs(100);

fn sample(taken_after_s: i64) -> LagSample {
    LagSample {
        source: LagSource::Metric,
        taken_at: DAWN + Span::secs(taken_after_s),
        lag: Span::millis(20),
    }
}

#[test]
fn a_lag_sample_is_taken_once_and_those_of_one_reading_oldest_first() {
    let record = Record::new(&any_setup(), DAWN);
    let mut polling = Polling::new(&record, NOW, &Pace::default());
    let both = polling.lag_read(vec![sample(2), sample(1)]);
    assert_eq!(both, [sample(1), sample(2)]);
    assert_eq!(polling.lag_read(vec![sample(1), sample(2)]), []);
    assert_eq!(polling.lag_read(vec![sample(2), sample(3)]), [sample(3)]);
}

#[test]
fn a_source_that_is_late_is_not_left_out_for_one_that_is_newer() {
    let record = Record::new(&any_setup(), DAWN);
    let mut polling = Polling::new(&record, NOW, &Pace::default());
    polling.lag_read(vec![sample(60)]);
    let late = LagSample {
        source: LagSource::Aws,
        ..sample(1)
    };
    assert_eq!(polling.lag_read(vec![late, sample(60)]), [late]);
    assert_eq!(polling.lag_read(vec![late]), []);
}

/// Whether the readiness is checked at once when this state follows that one.
fn is_checked_at_once(before: State, after: State) -> bool {
    let mut record = Record::new(&any_setup(), DAWN);
    record.state = before;
    let pace = Pace::default();
    let mut polling = Polling::new(&record, NOW, &pace);
    assert!(polling.due(NOW, DAWN, &pace, "").iter().any(is_check));
    polling.checked();
    let soon = NOW + Span::millis(10);
    record.state = after;
    polling.follow(&record, soon, &pace);
    polling.due(soon, DAWN, &pace, "").iter().any(is_check)
}

fn is_check(ask: &Ask) -> bool {
    matches!(ask, Ask::CheckReadiness { .. })
}

#[test]
fn the_roles_are_looked_at_once_their_change_may_have_ended() {
    let mut record = Record::new(&any_setup(), DAWN);
    let pace = Pace::default();
    let mut polling = Polling::new(&record, NOW, &pace);
    record.state = State::Promoting(Progress::default());
    polling.follow(&record, NOW, &pace);
    let looks = |polling: &mut Polling, now: Span| {
        let is_roles = |ask: &Ask| matches!(ask, Ask::Look { parts, .. } if *parts == Parts::ROLES);
        polling.due(now, DAWN, &pace, "").iter().any(is_roles)
    };
    assert!(!looks(&mut polling, NOW));
    assert!(!looks(
        &mut polling,
        NOW + pace.roles_after - Span::millis(1)
    ));
    let later = NOW + pace.roles_after;
    record.facts.active = Side::Standby;
    polling.follow(&record, later, &pace);
    assert!(
        looks(&mut polling, later),
        "another change begins no new wait"
    );
}

#[test]
fn the_other_side_is_checked_at_once_when_it_follows_again() {
    assert!(is_checked_at_once(State::Exposed, State::Watching));
    assert!(!is_checked_at_once(State::Watching, State::Exposed));
    assert!(!is_checked_at_once(State::Suspecting, State::Watching));
}
