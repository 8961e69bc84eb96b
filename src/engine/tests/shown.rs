//! What an engine shows of itself, to the daemon around it and to people.

use super::*;
use crate::engine::lease::Row;
use drd_state_machine::command::Kind;

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

#[test]
fn attempts_under_way_are_counted_until_they_end() {
    let mut bench = Bench::alone();
    let under_way = bench.begins_a_failover();
    assert!(under_way.iter().any(|c| c.kind() == Kind::Promote));
    let count = u32::try_from(under_way.len()).expect("few");
    assert_eq!(bench.engine.performing(), count);
    bench.ends(&under_way[0]);
    assert_eq!(bench.engine.performing(), count - 1);
}
