//! Asked to stop: nothing more is begun, and whoever waits is answered.

use super::*;

#[test]
fn a_daemon_that_stops_begins_nothing_more_and_answers_whoever_waits() {
    let mut bench = Bench::alone();
    bench.answer(Answer::Received(None));
    bench.order(1, Word::Pause);
    bench.order(2, Word::Resume);
    bench.give(Input::StopRequested);
    assert!(bench.replies.contains(&2), "it waited, and is answered");
    bench.order(3, Word::Pause);
    assert!(bench.replies.contains(&3), "this daemon takes no more");
    let begun = |bench: &Bench| {
        let ask = |action: &Action| matches!(action, Action::Ask { .. });
        bench.newest.iter().any(ask)
    };
    for _ in 0..10 {
        bench.wait(Span::secs(1));
        assert!(!begun(&bench), "{:?}", bench.newest);
    }
    bench.append_ends(Ok(()));
    let stopped = |action: &Action| matches!(action, Action::Stopped);
    assert!(bench.newest.iter().any(stopped), "{:?}", bench.newest);
}
