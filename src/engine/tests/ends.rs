//! Ends of attempts: each is reported once, and so never lost.

use super::*;
use drd_state_machine::command::Kind;
use drd_state_machine::event::Event;

fn end() -> Completion {
    Completion {
        kind: Kind::Promote,
        incident_id: 0,
        attempt: 1,
        outcome: Outcome::Done,
    }
}

impl Bench {
    /// Whether the lines on their way hold that end.
    fn writes_the_end(&self) -> bool {
        let lines = self.appends.iter().flat_map(|(_, lines)| lines);
        let events = lines.filter_map(|line| match line {
            Entry::Decided { event, .. } | Entry::Noted { event, .. } => Some(event),
            Entry::Opened { .. } => None,
        });
        let mut ends = events.filter(|event| matches!(event, Event::Finished(_)));
        ends.any(|event| *event == Event::Finished(end()))
    }
}

#[test]
fn an_end_whose_line_the_ledger_refused_is_written_once_it_works() {
    let mut bench = Bench::alone();
    bench.answer(Answer::Finished(end()));
    assert!(bench.writes_the_end());
    bench.fails_lines(refused());
    bench.wait(Span::secs(1));
    assert!(!bench.writes_the_end(), "it is tried with another line");
    bench.append_ends(Ok(()));
    assert!(bench.writes_the_end());
}

#[test]
fn an_end_that_arrives_while_the_ledger_is_tried_again_is_written_after_it() {
    let mut bench = Bench::alone();
    bench.order(1, Word::Pause);
    bench.fails_lines(refused());
    bench.wait(Span::secs(1));
    bench.answer(Answer::Finished(end()));
    assert!(!bench.writes_the_end());
    bench.append_ends(Ok(()));
    assert!(bench.writes_the_end());
}
