//! What an engine shows of itself, to the daemon around it and to people.

use super::*;
use crate::engine::lease::Row;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Outcome};

#[test]
fn a_daemon_leads_once_its_first_line_is_durable_and_holds_nothing_before_its_term() {
    let mut bench = Bench::new(None);
    assert!(
        !bench.engine.leads() && !bench.engine.holds(bench.now),
        "it reads the ledger"
    );
    bench.reads_the_ledger();
    assert!(!bench.engine.leads(), "its first line is on its way");
    bench.takes_lines();
    assert!(bench.engine.leads() && bench.engine.holds(bench.now));
}

#[test]
fn a_follower_shows_the_row_that_it_read_and_holds_nothing() {
    let mut bench = Bench::new(Some(Terms::default()));
    let row = Row::taken(None, "another", Span::secs(15));
    bench.store(StoreAnswer::Lease(Some(row.clone())));
    assert_eq!(bench.engine.lease_row(), Some(&row));
    assert_eq!(bench.engine.fencing_token(), None);
    assert!(!bench.engine.holds(bench.now));
}

/// The commands that an order led to, none of which is answered.
fn performs(bench: &Bench) -> Vec<Command> {
    let asked = bench.newest.iter().filter_map(|action| {
        if let Action::Ask {
            ask: Ask::Perform(command),
            ..
        } = action
        {
            Some(command.clone())
        } else {
            None
        }
    });
    asked.collect()
}

#[test]
fn attempts_under_way_are_counted_until_they_end() {
    let mut bench = Bench::alone();
    bench.order(1, Word::Failover);
    bench.takes_lines();
    assert_eq!(bench.engine.performing(), 0);
    // The slice of the last look is used up, and the failover begins.
    let mut under_way = Vec::new();
    while under_way.is_empty() {
        bench.wait(Span::secs(1));
        while !bench.appends.is_empty() {
            bench.append_ends(Ok(()));
            under_way.extend(performs(&bench));
        }
    }
    assert!(under_way.iter().any(|c| c.kind() == Kind::Promote));
    let count = u32::try_from(under_way.len()).expect("few");
    assert_eq!(bench.engine.performing(), count);
    let ended = &under_way[0];
    bench.answer(Answer::Finished(Completion {
        kind: ended.kind(),
        incident_id: ended.incident_id(),
        attempt: ended.attempt(),
        outcome: Outcome::Done,
    }));
    assert_eq!(bench.engine.performing(), count - 1);
}
