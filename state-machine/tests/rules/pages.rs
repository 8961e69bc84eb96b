//! What pages tell of: only what is so when they leave, and what nobody may learn too late.
//!
//! Deliberately absent: that they are delivered (the lab).

use crate::estate::{Unhealthy, denied, estate, refused};
use drd_state_machine::command::{Command, Kind, Severity};
use drd_state_machine::event::{Outcome, Side, Vantage};

fn critical(e: &crate::estate::Estate) -> Vec<&str> {
    let pages = e.commands().filter_map(|command| {
        let Command::Page { severity, text, .. } = command else {
            return None;
        };
        (*severity == Severity::Critical).then_some(&**text)
    });
    pages.collect()
}

/// drd's own probe is wrong: two domains and the control plane report the region dark, and nothing may act.
#[test]
fn a_contradiction_that_lasts_is_critical_and_paged_every_five_minutes() {
    let mut e = estate();
    e.region_dark();
    let side = Side::Primary;
    e.reports(Vantage::Probe, crate::estate::Healthy);
    e.verdicts
        .insert((Vantage::Probe, side), crate::estate::Healthy);
    e.wait(110);
    assert_eq!(critical(&e), [""; 0], "{}", e.story());
    e.wait(20);
    assert_eq!(critical(&e).len(), 1, "{:?}", e.pages());
    assert!(critical(&e)[0].starts_with("reports contradict each other for 120"));
    e.wait(900);
    assert_eq!(critical(&e).len(), 4, "{:?}", e.pages());
    e.changes_no_role();
}

/// One sensor that is wrong for ever is a warning.
#[test]
fn one_domain_alone_is_no_contradiction_to_wake_people_for() {
    let mut e = estate();
    e.verdicts
        .insert((Vantage::Witness, Side::Primary), Unhealthy);
    e.wait(1_800);
    assert_eq!(critical(&e), [""; 0], "{:?}", e.pages());
    assert_eq!(e.pages().len(), 1);
}

/// The reason is the other side, and autonomy is to act.
#[test]
fn a_move_that_waits_for_the_other_side_is_paged_with_what_it_waits_for() {
    let mut e = estate();
    e.verdicts
        .insert((Vantage::Probe, Side::Standby), Unhealthy);
    e.wait(60);
    e.application_down();
    e.wait(300);
    e.changes_no_role();
    let pages = critical(&e);
    let page = pages.iter().find(|page| page.contains("is not proven"));
    let page = page.unwrap_or_else(|| panic!("{pages:?}"));
    assert!(page.starts_with("application_down: "), "{page}");
    assert!(
        !pages.iter().any(|page| page.contains("advise")),
        "{pages:?}"
    );
}

/// A countdown of when the hold began is none five minutes later.
#[test]
fn a_hold_that_is_paged_again_gives_the_figures_of_now() {
    let mut e = estate();
    e.exposed();
    e.standby_back();
    e.wait_for("watching", 60);
    e.region_dark();
    e.wait_for("held", 300);
    e.forget();
    e.wait(301);
    let left = (e.record.facts.cool_down_until - e.now).0 / 1000;
    let pages = critical(&e);
    let page = pages.iter().find(|page| page.starts_with("still so after"));
    let page = page.unwrap_or_else(|| panic!("{pages:?}"));
    let shown = page.split("cool-down lasts ").nth(1).and_then(|rest| {
        rest.split(&['.', ' '][..])
            .next()
            .and_then(|figure| figure.parse::<i64>().ok())
    });
    let shown = shown.unwrap_or_else(|| panic!("{page}"));
    assert!((shown - left).abs() <= 2, "{left} s are left: {page}");
}

/// Nobody lowered it: raising it was denied, and that is neither a war nor anybody else's doing.
#[test]
fn a_group_that_was_never_raised_is_asked_for_again_and_nobody_is_accused() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.ends(Kind::Scale, denied());
    e.wait(30);
    e.serving(Side::Standby, 1);
    e.writer_is(Side::Standby);
    for _ in 0..150 {
        e.ends_if_asked(Kind::Scale, denied());
        e.ends_if_asked(Kind::ProveWrite, Outcome::Done);
        e.ends_if_asked(Kind::Redirect, Outcome::Done);
        e.view.dns = Some(Side::Standby);
        e.wait(1);
    }
    assert_eq!(e.state(), "exposed", "{}", e.story());
    e.forget();
    e.wait(1_200);
    let pages = e.pages();
    let again = pages
        .iter()
        .filter(|page| page.contains("had no effect so far"))
        .count();
    assert_eq!(again, 3, "with an attempt, once in 300 s: {pages:?}");
    assert_eq!(e.asked(Kind::Scale).len(), 30, "every 40 s");
    let accused = |page: &&&str| page.contains("was lowered") || page.contains("Find out who");
    assert_eq!(pages.iter().find(accused), None);
    assert!(!e.record.facts.guard.hands_off);
}

/// Somebody else moved the writer while drd held its own run: neither side is called what it is not.
#[test]
fn what_others_moved_is_in_the_page_of_a_hold_and_in_the_end_of_a_run() {
    let mut e = estate();
    e.lag = None;
    e.wait(130);
    e.region_dark();
    e.wait_for("held", 110);
    assert!(
        e.pages()
            .last()
            .expect("a page")
            .contains("primary is active, drd has changed nothing")
    );
    e.writer_is(Side::Standby);
    e.forget();
    e.order(drd_state_machine::event::Word::Abandon);
    let text = "drd has changed nothing, and standby is the writer: somebody else moved it";
    assert!(e.because().contains(text), "{}", e.because());
}

/// Somebody moved the roles, and the new writer dies: drd does not act on it, and whoever is paged has to know.
#[test]
fn a_writer_that_others_made_and_that_is_dead_is_named_in_the_page() {
    let mut e = estate();
    e.writer_is(Side::Standby);
    e.wait(30);
    assert!(!e.pages()[0].contains("not available"), "{:?}", e.pages());
    if let Some(view) = &mut e.view.sides[Side::Standby.index()] {
        view.database_available = Some(false);
    }
    e.forget();
    e.wait(300);
    let text = "Its database is not available, and drd does not act on it";
    assert!(e.pages()[0].contains(text), "{:?}", e.pages());
    e.changes_no_role();
}

/// The writer has moved and users are still sent to the side that cannot write: that is no minute for silence.
#[test]
fn a_latch_that_cannot_be_thrown_four_times_is_a_critical_page() {
    let mut e = estate();
    e.redirecting();
    e.forget();
    for _ in 0..60 {
        e.ends_if_asked(Kind::Redirect, refused());
        e.wait(1);
    }
    let pages = critical(&e);
    assert_eq!(pages.len(), 1, "{pages:?}");
    let text = "standby is the writer, and the latch could not be thrown in 4 attempts";
    assert!(pages[0].contains(text), "{pages:?}");
}
