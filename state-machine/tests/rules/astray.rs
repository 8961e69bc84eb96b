//! Users who are not where drd would have them, whatever state it is in; holds that last; and words that
//! mean less than they could.
//!
//! Deliberately absent: what drd puts back by itself (`guard`).

use crate::estate::{Estate, Healthy, Unhealthy, Unknown, estate, unanswered};
use drd_state_machine::command::Kind;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Event, Outcome, Side, Vantage, Word};
use drd_state_machine::time::Span;
use drd_state_machine::unreplicated::Unreplicated;

fn paged(e: &Estate, what: &str) -> usize {
    e.pages()
        .into_iter()
        .filter(|page| page.contains(what))
        .count()
}

/// An outage that drd may not act on: held before anything was asked for.
fn held_before() -> Estate {
    let mut e = estate();
    e.readiness = Unhealthy;
    e.check();
    e.region_dark();
    e.wait_for("held", 200);
    e
}

#[test]
fn a_record_that_is_edited_is_paged_also_while_a_sensor_still_reports_an_outage() {
    let mut e = estate();
    e.reports(Vantage::Route53, Unhealthy);
    e.view.latch = Some(Side::Primary);
    e.view.dns = Some(Side::Standby);
    e.wait(25);
    assert_eq!(paged(&e, "was the record edited?"), 1, "{:?}", e.pages());
    e.wait(200);
    assert_eq!(paged(&e, "was the record edited?"), 1, "not every moment");
    e.wait(120);
    assert_eq!(
        paged(&e, "was the record edited?"),
        2,
        "after five minutes again"
    );
    e.hands_off();
}

#[test]
fn a_latch_that_somebody_sets_while_drd_promotes_is_paged() {
    let mut e = estate();
    e.promoting();
    if let Some(global) = &mut e.view.global {
        global.writer = Some(Side::Primary);
    }
    e.view.latch = Some(Side::Standby);
    e.wait(25);
    assert_eq!(
        paged(&e, "somebody set the latch to standby"),
        1,
        "{:?}",
        e.pages()
    );
}

/// By what the status shows: the diagnosis, and why drd is not armed.
fn calls_it_foreign(e: &Estate) -> bool {
    let seen = drd_state_machine::assess(&e.record, &e.setup, e.now);
    let facts = &e.record.facts;
    let why = drd_state_machine::gates::not_armed(facts, &e.setup, e.now, &seen);
    seen.diagnosis == Diagnosis::Misdirected || why.iter().any(|why| why.contains("drd did not"))
}

#[test]
fn a_role_change_that_drd_asked_for_is_not_foreign_until_it_ends() {
    let mut e = estate();
    e.serving(Side::Standby, 6);
    e.order(Word::Switchover);
    e.wait_for("switching", 15);
    e.underway(Side::Standby);
    e.look();
    assert!(!calls_it_foreign(&e), "while it runs");
    e.ends(Kind::Switchover, Outcome::Done);
    e.writer_is(Side::Standby);
    e.look();
    assert!(!calls_it_foreign(&e), "{}: the writer moved", e.state());
    e.ends(Kind::ProveWrite, Outcome::Done);
    e.wait_for("redirecting", 15);
    e.view.latch = Some(Side::Standby);
    e.view.dns = Some(Side::Standby);
    e.look();
    assert!(!calls_it_foreign(&e), "{}: the users moved", e.state());
}

#[test]
fn a_role_change_to_the_side_that_drd_leaves_is_foreign_also_during_a_run() {
    let mut e = estate();
    e.serving(Side::Standby, 6);
    e.writer_is(Side::Standby);
    e.look();
    assert!(calls_it_foreign(&e), "no run is open");
    e.writer_is(Side::Primary);
    e.order(Word::Switchover);
    e.wait_for("switching", 15);
    e.underway(Side::Primary);
    e.look();
    let diagnosis = drd_state_machine::assess(&e.record, &e.setup, e.now).diagnosis;
    assert_eq!(diagnosis, Diagnosis::Misdirected);
}

#[test]
fn a_side_that_was_made_smaller_while_drd_is_paused_is_paged() {
    let mut e = estate();
    e.exposed();
    e.view.latch = Some(Side::Standby);
    e.standby_back();
    e.wait_for("watching", 60);
    e.order(Word::Pause);
    e.forget();
    if let Some(view) = &mut e.view.sides[Side::Standby.index()] {
        view.min_size = Some(1);
    }
    e.wait(60);
    assert_eq!(
        paged(
            &e,
            "was lowered to 1, and drd does not raise it: drd is paused"
        ),
        1,
        "{:?}",
        e.pages()
    );
    e.hands_off();
}

#[test]
fn roles_that_others_moved_end_a_hold_in_which_nothing_was_asked_for() {
    let mut e = held_before();
    e.writer_is(Side::Standby);
    if let Some(global) = &mut e.view.global {
        global.replica_connected = true;
    }
    (e.view.latch, e.view.dns) = (Some(Side::Standby), Some(Side::Standby));
    e.forget();
    e.wait_for("watching", 120);
    assert_eq!(e.active(), Side::Standby);
    assert_eq!(
        paged(&e, "somebody else moved the roles"),
        1,
        "{:?}",
        e.pages()
    );
    e.changes_no_role();
}

#[test]
fn a_hold_is_paged_every_five_minutes_while_it_lasts() {
    let mut e = held_before();
    e.forget();
    e.wait(299);
    assert_eq!(paged(&e, "still so after"), 0, "{:?}", e.pages());
    e.wait(602);
    assert_eq!(paged(&e, "still so after"), 3, "{:?}", e.pages());
}

#[test]
fn a_resume_loses_no_writes_of_an_outage_that_is_over() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, unanswered());
    e.wait_for("held", 400);
    e.region_back();
    e.wait(5);
    e.forget();
    e.order(Word::Resume);
    e.wait(60);
    assert!(e.asked(Kind::Promote).is_empty(), "{:?}", e.done());
}

#[test]
fn a_quorum_that_one_sensor_took_back_has_to_last_anew() {
    let mut e = estate();
    for vantage in [Vantage::Witness, Vantage::Route53] {
        e.verdicts.remove(&(vantage, Side::Primary));
    }
    let alarm = |e: &mut Estate, verdict, looked| {
        e.signal("route53-primary", Vantage::Route53, verdict, looked);
    };
    // So long before that the alarm is not muted for its changes of mind.
    for _ in 0..3 {
        let now = e.now;
        alarm(&mut e, Unhealthy, now);
        e.wait(100);
    }
    let well = e.now - Span::secs(50);
    e.verdicts
        .insert((Vantage::Probe, Side::Primary), Unhealthy);
    e.verdicts
        .insert((Vantage::ControlPlane, Side::Primary), Unhealthy);
    e.verdicts.remove(&(Vantage::Inside, Side::Primary));
    e.view.sides[Side::Primary.index()] = None;
    e.lag = None;
    e.poll_all();
    e.wait(10);
    assert_eq!(e.state(), "suspecting");
    // The alarm had been well again before drd's own probe found anything, which comes late.
    alarm(&mut e, Healthy, well);
    e.wait(20);
    let again = e.now;
    alarm(&mut e, Unhealthy, again);
    e.wait(50);
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
    e.wait(15);
    assert_eq!(e.asked(Kind::Promote).len(), 1, "{}", e.story());
}

#[test]
fn what_was_lost_before_this_daemon_began_is_not_left_out() {
    let mut e = estate();
    e.lag = None;
    e.wait(120);
    // What the ledger has of the count is older than the daemon that died.
    e.record.facts.evidence.unreplicated = Unreplicated::between(e.now - Span::secs(20), e.now);
    e.give(Event::Started);
    e.sample(e.now, Span::secs(130));
    let position = e.record.facts.evidence.position();
    e.region_dark();
    e.verdicts
        .insert((Vantage::Witness, Side::Primary), Unknown);
    e.wait(30);
    let loss = e
        .record
        .facts
        .evidence
        .loss(e.now, &e.setup.policy, e.record.facts.started_at);
    let bad = e.record.facts.evidence.first_bad_at;
    assert!(
        loss >= bad.zip(position).map(|(bad, position)| bad - position),
        "{loss:?}"
    );
}

/// While drd could not see it somebody took the latch back: no resolver will ever move.
#[test]
fn a_latch_that_is_removed_before_traffic_has_moved_is_thrown_again_with_a_page() {
    let mut e = estate();
    e.redirecting();
    e.ends(Kind::Redirect, Outcome::Done);
    e.view.latch = Some(Side::Standby);
    e.wait(39);
    assert_eq!(e.asked(Kind::Redirect).len(), 1, "{}", e.story());
    e.view.latch = Some(Side::Primary);
    e.wait(10);
    assert_eq!(e.asked(Kind::Redirect).len(), 2, "{}", e.story());
    assert_eq!(e.state(), "redirecting");
    let told = e
        .pages()
        .iter()
        .filter(|p| p.contains("it is thrown again"))
        .count();
    assert_eq!(told, 1, "{:?}", e.pages());
}
