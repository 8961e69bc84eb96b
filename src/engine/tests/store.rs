//! A store that hangs, or takes renewals and no lines: nobody may be left without a page.

use super::*;
use crate::engine::lease::Row;

/// A lease whose table takes every write of the row, and of whose lines nobody knows.
struct Table {
    row: Option<Row>,
}

impl Table {
    fn answers(&mut self, bench: &mut Bench) {
        while let Some((_, call)) = bench.calls.first() {
            let answer = match call.clone() {
                StoreCall::ReadLease => StoreAnswer::Lease(self.row.clone()),
                StoreCall::WriteLease { next, .. } => {
                    self.row = Some(next);
                    StoreAnswer::Written
                }
                StoreCall::ReadLedger => StoreAnswer::Ledger {
                    record: None,
                    sequence: 0,
                },
            };
            bench.store(answer);
        }
    }
}

/// So long passes; each append is in doubt after this long.
fn lines_stay_in_doubt(bench: &mut Bench, table: &mut Table, lasts: Span, each: Span) {
    let until = bench.now + lasts;
    while bench.now < until {
        table.answers(bench);
        bench.wait(each);
        table.answers(bench);
        if !bench.appends.is_empty() {
            bench.fails_lines(in_doubt());
        }
    }
}

#[test]
fn a_table_that_takes_renewals_and_no_lines_is_paged() {
    for each in [2, 7] {
        let mut bench = Bench::new(Some(Terms::default()));
        let mut table = Table { row: None };
        lines_stay_in_doubt(&mut bench, &mut table, Span::secs(60), Span::secs(each));
        assert_eq!(bench.pages.len(), 1, "an append ends after {each} s");
    }
}

#[test]
fn a_line_that_is_taken_ends_the_doubt() {
    let mut bench = Bench::new(Some(Terms::default()));
    let mut table = Table { row: None };
    let lasts = Span::secs(10);
    lines_stay_in_doubt(&mut bench, &mut table, lasts, Span::secs(2));
    bench.wait(Span::secs(1));
    table.answers(&mut bench);
    bench.takes_lines();
    lines_stay_in_doubt(&mut bench, &mut table, lasts, Span::secs(2));
    assert!(bench.pages.is_empty(), "neither lasted for a whole lease");
}

#[test]
fn a_ledger_whose_reading_hangs_is_paged_and_goes_on_when_it_is_read() {
    let mut bench = Bench::new(None);
    bench.wait(Span::secs(29));
    assert!(bench.pages.is_empty());
    bench.wait(Span::secs(4));
    assert_eq!(bench.pages.len(), 1);
    bench.wait(Span::secs(600));
    assert_eq!(bench.pages.len(), 3, "again every five minutes");
    bench.reads_the_ledger();
    bench.takes_lines();
    assert!(bench.engine.leads());
}

#[test]
fn an_answer_that_waited_for_a_frozen_process_is_no_hanging_store() {
    let mut bench = Bench::new(None);
    bench.now = bench.now + Span::secs(3600);
    bench.give(Input::Timer);
    bench.reads_the_ledger();
    bench.wait(Span::secs(2));
    assert!(bench.pages.is_empty());
}
