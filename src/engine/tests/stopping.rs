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
    assert!(bench.has_stopped, "{:?}", bench.newest);
}

#[test]
fn a_daemon_that_stops_waits_for_the_end_of_each_attempt_and_writes_it() {
    let mut bench = Bench::alone();
    let mut under_way = bench.begins_a_failover();
    bench.give(Input::StopRequested);
    let mut ended = 0;
    while let Some(command) = under_way.pop() {
        assert!(!bench.has_stopped, "{command:?} has not ended");
        bench.ends(&command);
        assert!(!bench.has_stopped, "its end is on the way");
        while !bench.appends.is_empty() {
            bench.append_ends(Ok(()));
            // The fence goes with the promotion that was accepted.
            under_way.extend(bench.newest.iter().filter_map(performed));
        }
        ended += 1;
        assert!(ended < 10, "it begins ever more");
    }
    assert!(bench.has_stopped, "{:?}", bench.newest);
}
