//! What one state alone shows: a hold's reason, a suspicion's countdown, a recovery's steps.
//!
//! Deliberately absent: the first line of every state (`super`).

use super::*;

/// 3 am: why, what state things are in, when drd asks again, what to type.
#[test]
fn a_hold_shows_its_reason_its_progress_the_next_attempt_and_the_ways_out() {
    let held = StatusView {
        state: Phase::Held,
        held: Some(denied()),
        incident: Some(running()),
        ..calm()
    };
    let lines: Vec<String> = held.table().lines().take(4).map(str::to_owned).collect();
    assert_eq!(
        lines[1..],
        [
            "  State     promotion: database pending, write pending, capacity done; traffic has not moved.",
            "  Next      drd asks again in 31 s.",
            "  Do        Ways out: drd asks for what is missing again and goes on by itself; drd resume or drd abandon.",
        ]
    );
}

#[test]
fn a_suspicion_counts_down_and_says_what_keeps_drd_from_acting() {
    let suspicion = |acts_in_seconds| SuspicionStatus {
        domains_down: 3,
        domains_needed: 2,
        lasted_seconds: 4.0,
        acts_in_seconds,
    };
    let view = |acts_in, because: &[&str]| {
        let not_armed_because = because.iter().map(|b| (*b).to_owned()).collect();
        StatusView {
            state: Phase::Suspecting,
            state_seconds: 4.0,
            suspicion: Some(suspicion(acts_in)),
            not_armed_because,
            ..calm()
        }
    };
    let down = "shop1   SUSPECTING   primary is down: 3 fault domains of 2 needed, for 0:04; ";
    let end = "   suspecting for 4 s";
    let line = |view: &StatusView| first_line(view).replace(down, "").replace(end, "");
    assert_eq!(
        line(&view(Some(56.0), &[])),
        "drd acts in 0:56 unless one of them sees it well"
    );
    let closed = "drd does not act: 1 of 3 fault domains are live";
    assert_eq!(
        line(&view(Some(56.0), &["1 of 3 fault domains are live"])),
        closed
    );
    assert_eq!(line(&view(None, &[])), "healthy leads to no act");
    let open = "drd acts once the gates are open: drd status --why";
    assert_eq!(line(&view(Some(0.0), &[])), open);
}

#[test]
fn a_recovery_shows_each_step_and_what_it_waits_for() {
    let mut refused = step("capacity", Some(8.0));
    (refused.accepted, refused.asks_again_seconds) = (false, Some(2.0));
    let promoting = StatusView {
        state: Phase::Promoting,
        incident: Some(running()),
        steps: vec![step("database", Some(2.0)), step("write", None), refused],
        ..calm()
    };
    let table = promoting.table();
    let lines: Vec<&str> = table.lines().skip(1).take(3).collect();
    assert_eq!(
        lines,
        [
            "  database  attempt 1, asked 2 s ago, accepted (usually 45 to 120 s)",
            "  write     waits for the database",
            "  capacity  attempt 1, asked 8 s ago; asked for again in 2 s",
        ]
    );
    let redirecting = StatusView {
        steps: vec![step("latch", Some(5.0))],
        ..promoting
    };
    let line = "  latch     attempt 1, asked 5 s ago, done; resolvers follow in 20 to 60 s";
    assert!(redirecting.table().contains(line));
}

#[test]
fn a_domain_that_is_silent_is_named_among_the_eyes() {
    let mut view = calm();
    (view.eyes[0].live, view.eyes[0].age_seconds) = (false, Some(660.0));
    view.eyes[1].verdict = Verdict::Unhealthy;
    let line =
        "Eyes 2 of 3: third region SILENT 11 min 0 s | us-east-1 DOWN 9 s | observer well 9 s.";
    assert!(view.table().contains(line), "{}", view.table());
}
