//! What comes again: completions, daemons, and time itself when the clock is set back.
//!
//! Deliberately absent: operators who order something twice (`operators`).

use crate::estate::{Estate, completion, denied, estate, refused, unanswered};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Event, Outcome, Side};
use drd_state_machine::gates::standing;
use drd_state_machine::reading::Noted;
use drd_state_machine::time::Span;

/// The clock is set back by an hour, in the middle of a story.
fn an_hour_back(e: &mut Estate) {
    e.now = e.now - Span::secs(3600);
}

#[test]
fn a_stale_completion_changes_nothing() {
    let mut e = estate();
    e.promoting();
    let incident_id = e.record.facts.incident_id;
    let stale = [(incident_id - 1, 1), (incident_id, 0), (incident_id, 7)];
    for kind in Kind::ALL {
        for (incident_id, attempt) in stale {
            for outcome in [Outcome::Done, unanswered(), refused(), denied()] {
                if kind == Kind::Fence && incident_id == e.record.facts.incident_id {
                    continue; // tried once: it has no attempts
                }
                let before = e.record.clone();
                let ended = Completion {
                    kind,
                    incident_id,
                    attempt,
                    outcome,
                };
                let decision = e.give(Event::Finished(ended)).clone();
                assert_eq!(decision.commands, [], "{kind}");
                assert_eq!(
                    e.record, before,
                    "{kind} of an attempt that is not the newest"
                );
            }
        }
    }
}

#[test]
fn a_restart_changes_roles_only_once_what_is_seen_allows_it() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, unanswered());
    e.wait(2);
    assert_eq!(e.asked(Kind::Promote).len(), 2);
    e.forget();
    e.give(Event::Started);
    assert_eq!(e.asked(Kind::Promote), [] as [&Command; 0]);
    assert_eq!(e.asked(Kind::Scale).len(), 1);
    e.wait(1);
    let attempts: Vec<u32> = e.asked(Kind::Promote).iter().map(|c| c.attempt()).collect();
    assert_eq!(attempts, [3]);
}

#[test]
fn a_restart_into_an_estate_that_is_well_changes_no_roles() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, refused());
    e.forget();
    e.region_back();
    e.give(Event::Started);
    e.wait(900);
    assert_eq!(e.asked(Kind::Promote), [] as [&Command; 0]);
    assert_eq!(e.state(), "watching", "{}", e.story());
}

#[test]
fn a_restart_throws_the_latch_again_under_a_number_of_its_own() {
    let mut e = estate();
    e.redirecting();
    assert_eq!(e.done().last().unwrap(), "redirect standby #1");
    e.forget();
    e.give(Event::Started);
    assert_eq!(e.done(), ["redirect standby #2"]);
}

#[test]
fn what_is_done_is_not_asked_again_after_a_restart() {
    let mut e = estate();
    e.promoted();
    e.forget();
    e.give(Event::Started);
    assert_eq!(e.done(), ["prove_write standby #2"]);
}

#[test]
fn a_completion_delivered_again_is_stale_once_the_next_attempt_runs() {
    let mut e = estate();
    e.promoting();
    let first = e.asked(Kind::Promote)[0].clone();
    e.ends(Kind::Promote, unanswered());
    e.wait(2);
    let before = e.record.clone();
    let again = e.give(completion(&first, denied())).clone();
    assert_eq!(again.noted, Noted::Refreshed);
    assert_eq!(e.record, before);
}

#[test]
fn a_refusal_that_is_delivered_again_is_one_refusal() {
    let mut e = estate();
    e.promoting();
    for _ in 0..4 {
        e.ends(Kind::Promote, refused());
    }
    e.wait(6);
    assert_eq!(e.state(), "promoting");
    assert_eq!(e.asked(Kind::Promote).len(), 2);
}

#[test]
fn an_acceptance_that_is_delivered_again_fences_once() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.ends(Kind::Promote, Outcome::Done);
    assert_eq!(e.asked(Kind::Fence).len(), 1);
}

#[test]
fn a_clock_set_back_lengthens_no_wait() {
    // The hold-down.
    let mut e = estate();
    e.region_dark();
    e.wait(50);
    an_hour_back(&mut e);
    e.wait_for("promoting", 25);
    // The retry of an attempt that got no answer.
    e.ends(Kind::Promote, unanswered());
    an_hour_back(&mut e);
    e.wait(3);
    assert_eq!(e.asked(Kind::Promote).len(), 2);
    // An attempt that got lost.
    an_hour_back(&mut e);
    e.wait(32);
    assert_eq!(e.asked(Kind::Promote).len(), 3);
    // The retry of the latch.
    e.ends(Kind::Promote, Outcome::Done);
    e.serving(Side::Standby, 6);
    e.writer_is(Side::Standby);
    e.ends(Kind::ProveWrite, Outcome::Done);
    e.ends(Kind::Redirect, unanswered());
    an_hour_back(&mut e);
    e.wait(3);
    assert_eq!(e.asked(Kind::Redirect).len(), 2);
    // The last proof.
    e.ends(Kind::Redirect, Outcome::Done);
    e.view.dns = Some(Side::Standby);
    e.look();
    assert_eq!(e.state(), "verifying");
    an_hour_back(&mut e);
    e.wait_for("exposed", 15);
    // The cool-down.
    e.standby_back();
    an_hour_back(&mut e);
    e.wait_for("watching", 40);
    e.wait(30 * 60);
    // Here the senders' clocks were set back as well, and what they stamp is late for hours: no domain of
    // theirs is live.
    assert_eq!(standing(&e.record.facts, e.now), []);
}

#[test]
fn a_clock_set_back_does_not_delay_the_end_of_a_suspicion() {
    let mut e = estate();
    e.region_dark();
    e.wait(30);
    e.region_back();
    e.wait(601);
    assert_eq!(e.asked(Kind::ScaleBack).len(), 1);
    an_hour_back(&mut e);
    e.wait(32);
    assert_eq!(e.asked(Kind::ScaleBack).len(), 2, "the first one got lost");
}

#[test]
fn a_daemon_that_starts_on_a_hold_pages_it() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, denied());
    e.forget();
    e.give(Event::Started);
    assert_eq!(e.done(), ["page critical"]);
}

/// It took over from one that died in the hold-down: what was not read meanwhile is still coming.
#[test]
fn a_daemon_that_starts_late_reads_before_it_holds() {
    let mut e = estate();
    let sampled = e.now;
    e.lag = None;
    e.wait(100);
    e.record.facts.evidence.lag = Default::default();
    e.region_dark();
    e.wait(90);
    e.now = e.now + Span::secs(18);
    e.forget();
    e.give(Event::Started);
    e.poll_all();
    assert_eq!(e.state(), "suspecting", "{}", e.because());
    e.sample(sampled + Span::secs(90), Span::secs(1));
    e.wait_for("promoting", 20);
}

#[test]
fn a_daemon_that_starts_late_and_reads_nothing_holds() {
    let mut e = estate();
    e.lag = None;
    e.wait(300);
    e.record.facts.evidence.lag = Default::default();
    e.region_dark();
    e.wait(90);
    e.now = e.now + Span::secs(18);
    e.give(Event::Started);
    e.poll_all();
    e.wait_for("held", 16);
}

/// What was sent a second ago and has no answer yet may be accepted: the run is not over, and whatever comes of the
/// request is drd's own doing.
#[test]
fn a_run_is_not_closed_while_its_request_is_under_way() {
    let mut e = estate();
    e.promoting();
    e.region_back();
    e.wait(20);
    assert_eq!(e.state(), "promoting", "{}", e.story());
    e.ends(Kind::Promote, refused());
    e.wait(5);
    assert_eq!(e.state(), "watching", "{}", e.story());
    assert_eq!(e.asked(Kind::Promote).len(), 1);
}
