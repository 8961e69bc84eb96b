//! The lease on the way through calls that are slow, lost or refused: until when requests may leave.

use super::*;
use crate::engine::lease::{Row, takeover_after};
use crate::engine::port::Gate;

/// A leader of 15 s leases, renewed every 5 s, whose first line is durable.
fn leader(name: &'static str) -> (Bench, Row) {
    let mut bench = Bench::new(Some(Terms::default()));
    let found = Row::taken(None, name, Span::secs(15));
    bench.store(StoreAnswer::Lease(Some(found.given_up())));
    let row = bench.writes();
    bench.store(StoreAnswer::Written);
    bench.reads_the_ledger();
    bench.takes_lines();
    (bench, row)
}

impl Bench {
    /// The row that the oldest call writes.
    fn writes(&self) -> Row {
        match &self.calls[..] {
            [(_, StoreCall::WriteLease { next, .. }), ..] => next.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// Until when requests may leave, by the newest turn; `None`: it changed nothing.
    fn gate(&self) -> Option<Gate> {
        let mut gate = None;
        for action in &self.newest {
            if let Action::Gate(changed) = action {
                gate = Some(*changed);
            }
        }
        gate
    }

    fn waits_for_a_call(&mut self) {
        while self.calls.is_empty() {
            let at = self.engine.next_wakeup().expect("a call is due");
            self.wait(at - self.now);
        }
    }
}

fn open_until(at: Span) -> Option<Gate> {
    Some(Gate::OpenUntil(at))
}

#[test]
fn a_daemon_that_takes_the_lease_takes_a_higher_token() {
    let (_, row) = leader("another");
    assert_eq!((row.fencing_token, &*row.owner), (2, "one"));
    // The first one's row, given up, and this one: a version that does not grow shows no write.
    assert_eq!(row.version, 3);
}

#[test]
fn a_renewal_is_counted_from_its_send() {
    let (mut bench, _) = leader("one");
    let began = bench.now;
    bench.waits_for_a_call();
    let sent_at = bench.now;
    assert_eq!(sent_at - began, Span::secs(5));
    bench.wait(Span::secs(3));
    bench.store(StoreAnswer::Written);
    assert_eq!(bench.gate(), open_until(sent_at + Span::secs(15)));
}

#[test]
fn a_renewal_without_an_answer_is_tried_again() {
    let (mut bench, row) = leader("one");
    bench.waits_for_a_call();
    bench.store(StoreAnswer::Unanswered("lost".to_owned()));
    let failed_at = bench.now;
    bench.waits_for_a_call();
    assert_eq!(bench.now - failed_at, Span::secs(1));
    assert_eq!(bench.writes(), row.renewed());
}

#[test]
fn a_renewal_whose_answer_was_lost_is_adopted_and_gives_no_more_time() {
    let (mut bench, row) = leader("one");
    let began = bench.now;
    bench.waits_for_a_call();
    bench.store(StoreAnswer::Unanswered("lost".to_owned()));
    bench.waits_for_a_call();
    bench.store(StoreAnswer::Refused(Some(row.renewed())));
    assert_eq!(bench.gate(), open_until(began + Span::secs(15)));
    assert_eq!(bench.writes(), row.renewed().renewed(), "renewed at once");
}

#[test]
fn another_daemon_s_row_ends_the_term() {
    let (mut bench, row) = leader("one");
    bench.waits_for_a_call();
    let other = Row::taken(Some(&row), "another", Span::secs(15));
    bench.store(StoreAnswer::Refused(Some(other)));
    assert_eq!(bench.gate(), Some(Gate::Closed));
    assert!(!bench.engine.leads());
}

#[test]
fn a_lease_that_nobody_renews_closes_the_gate_at_its_end() {
    let (mut bench, _) = leader("one");
    let began = bench.now;
    bench.wait(Span::secs(15) - Span::millis(1));
    assert!(bench.engine.leads());
    bench.wait(Span::millis(1));
    assert_eq!(bench.now - began, Span::secs(15));
    assert!(!bench.engine.leads());
}

#[test]
fn a_leader_that_was_frozen_past_its_lease_holds_nothing_before_its_next_turn() {
    let (bench, _) = leader("one");
    let ends = bench.now + Span::secs(15);
    assert!(bench.engine.holds(ends - Span::millis(1)));
    assert!(!bench.engine.holds(ends));
}

#[test]
fn a_line_in_doubt_after_a_refused_one_leaves_the_ledger_held() {
    let (mut bench, _) = leader("one");
    bench.order(1, Word::Pause);
    bench.fails_lines(refused());
    assert!(bench.engine.is_held_by_ledger());
    bench.wait(Span::secs(1));
    bench.fails_lines(in_doubt());
    assert!(bench.engine.is_held_by_ledger(), "it has not worked since");
}

#[test]
fn a_lease_of_another_is_not_taken_while_it_is_renewed() {
    let mut bench = Bench::new(Some(Terms::default()));
    let mut row = Row::taken(None, "another", Span::secs(15));
    let began = bench.now;
    while bench.now - began < Span::secs(60) {
        bench.store(StoreAnswer::Lease(Some(row.clone())));
        row = row.renewed();
        bench.waits_for_a_call();
        assert!(matches!(bench.calls[..], [(_, StoreCall::ReadLease)]));
    }
    let stands_since = bench.now;
    while matches!(bench.calls[..], [(_, StoreCall::ReadLease)]) {
        bench.store(StoreAnswer::Lease(Some(row.clone())));
        bench.waits_for_a_call();
    }
    assert_eq!(bench.writes().fencing_token, row.fencing_token + 1);
    assert!(bench.now - stands_since >= takeover_after(Span::secs(15)));
}

#[test]
fn what_an_older_term_asked_for_is_not_taken_by_the_next_one() {
    let (mut bench, row) = leader("one");
    let old = bench.engine.term().expect("a term");
    bench.waits_for_a_call();
    let other = Row::taken(Some(&row), "another", Span::secs(15));
    bench.store(StoreAnswer::Refused(Some(other.clone())));
    bench.waits_for_a_call();
    bench.store(StoreAnswer::Lease(Some(other.given_up())));
    bench.store(StoreAnswer::Written);
    bench.reads_the_ledger();
    assert_eq!(bench.appends.len(), 1, "the new term's first line");
    let answer = Answer::Appended(Ok(()));
    bench.give(Input::Answered { term: old, answer });
    let live = |bench: &Bench| {
        let leads = |action: &Action| matches!(action, Action::Notice(Notice::Leads { .. }));
        bench.newest.iter().any(leads)
    };
    assert!(!live(&bench));
    bench.answer(Answer::Appended(Ok(())));
    assert!(live(&bench));
}

#[test]
fn nothing_is_decided_before_the_first_line_is_durable() {
    let mut bench = Bench::new(None);
    bench.reads_the_ledger();
    assert_eq!(bench.appends.len(), 1);
    bench.order(1, Word::Pause);
    bench.wait(Span::secs(10));
    assert_eq!(bench.appends.len(), 1, "nothing but the first line");
}

#[test]
fn a_take_that_another_daemon_forestalled_is_followed_by_a_look_a_second_later() {
    let mut bench = Bench::new(Some(Terms::default()));
    bench.store(StoreAnswer::Lease(None));
    let other = Row::taken(None, "another", Span::secs(15));
    bench.store(StoreAnswer::Refused(Some(other)));
    let refused_at = bench.now;
    bench.waits_for_a_call();
    assert_eq!(bench.now - refused_at, Span::secs(1));
    assert!(matches!(bench.calls[..], [(_, StoreCall::ReadLease)]));
}
