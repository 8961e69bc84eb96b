//! Pages that nobody takes.

use super::*;

fn page_of_a_hanging_ledger() -> Bench {
    let mut bench = Bench::new(None);
    bench.holds_pages = true;
    bench.wait(Span::secs(32));
    assert_eq!(bench.pages.len(), 1);
    bench
}

impl Bench {
    fn wait_for_the_next_page(&mut self) {
        let sent = self.pages.len();
        while self.pages.len() == sent {
            let at = self.engine.next_wakeup().expect("a page is due");
            self.wait(at - self.now);
        }
    }

    fn answers_the_page(&mut self, taken: bool) {
        let command = self.paged.remove(0);
        self.give(Input::Paged { command, taken });
    }
}

#[test]
fn a_page_that_no_channel_took_is_sent_again_with_growing_gaps_until_one_takes_it() {
    let mut bench = page_of_a_hanging_ledger();
    let mut gaps = Vec::new();
    for _ in 0..7 {
        let from = bench.now;
        let sent = bench.pages.len();
        bench.answers_the_page(false);
        bench.wait_for_the_next_page();
        assert_eq!(bench.pages.len(), sent + 1);
        gaps.push((bench.now - from).0 / 1000);
    }
    assert_eq!(gaps, [2, 4, 8, 16, 32, 45, 45]);
    bench.answers_the_page(true);
    bench.wait(Span::secs(60));
    assert!(bench.paged.is_empty(), "it was taken");
}

#[test]
fn a_page_whose_answer_is_lost_is_sent_again() {
    let mut bench = page_of_a_hanging_ledger();
    bench.wait(Span::secs(31));
    assert_eq!(bench.paged.len(), 2);
    assert_eq!(bench.paged[0], bench.paged[1]);
}

#[test]
fn a_stop_waits_for_a_page_that_is_on_its_way() {
    let mut bench = page_of_a_hanging_ledger();
    bench.give(Input::StopRequested);
    let stopped = |bench: &Bench| bench.newest.iter().any(|a| matches!(a, Action::Stopped));
    assert!(!stopped(&bench));
    bench.answers_the_page(true);
    assert!(stopped(&bench));
}
