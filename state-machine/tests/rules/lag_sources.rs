//! Each source of lag samples by itself: how long its proof of life counts (rule 7), how long a lossy move waits
//! for it (rule 9), and what follows where sources contradict each other (rule 11).
//!
//! Deliberately absent: samples of one source that are late or come twice (`evidence`).

use crate::estate::{Estate, estate, setup};
use drd_state_machine::blocker::Blocker;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Event, LagSample, LagSource};
use drd_state_machine::evidence::Evidence;
use drd_state_machine::policy::Policy;
use drd_state_machine::state::{Hold, State};
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{assess, gates};

const NOW: Time = Time(1_767_225_600_000);
const MOMENT: Span = Span::millis(1);

/// Samples: their source, how many seconds ago each was taken, and how many seconds the replica was behind.
fn shown(samples: &[(LagSource, i64, i64)]) -> Evidence {
    let mut evidence = Evidence::new(&setup().sensors);
    for (source, ago, lag) in samples {
        show(&mut evidence, *source, Span::secs(*ago), Span::secs(*lag));
    }
    evidence
}

fn show(evidence: &mut Evidence, source: LagSource, ago: Span, lag: Span) {
    let taken_at = NOW - ago;
    let sample = LagSample {
        source,
        taken_at,
        lag,
    };
    evidence.take_lag(sample, Span::ZERO, NOW, &Policy::default());
}

/// For how long the proof of a sample of now counts.
fn proof_lasts(evidence: &Evidence) -> Span {
    let (onset, policy) = (NOW - Span::secs(10), Policy::default());
    let proven = |after: Span| evidence.is_proven_alive(onset, NOW + after, &policy);
    let seconds = (0..1000).take_while(|s| proven(Span::secs(*s))).last();
    let last = Span::secs(seconds.expect("it is proven now"));
    assert!(!proven(last + MOMENT), "{last}");
    last
}

#[test]
fn a_proof_of_life_counts_for_two_periods_and_the_delivery_of_what_would_bring_the_next() {
    use LagSource::{Aws, Events, Metric};
    let mut proven = shown(&[(Events, 0, 1), (Metric, 30, 1), (Aws, 120, 1)]);
    proven.pushed_lag = Some(NOW);
    proven.path_is_proven = true;
    assert_eq!(proof_lasts(&proven), Span::secs(75), "the path is proven");
    proven.path_is_proven = false;
    assert_eq!(proof_lasts(&proven), Span::secs(240), "it is not");
    let read = shown(&[(Events, 0, 1), (Metric, 30, 1), (Aws, 241, 1)]);
    assert_eq!(proof_lasts(&read), Span::secs(135), "AWS's is read no more");
    let read = shown(&[(Events, 0, 1), (Metric, 30, 1), (Aws, 240, 1)]);
    assert_eq!(proof_lasts(&read), Span::secs(240), "it still is");
    assert_eq!(proof_lasts(&shown(&[(Metric, 0, 1)])), Span::secs(135));
    assert_eq!(proof_lasts(&shown(&[(Aws, 0, 1)])), Span::secs(240));
}

/// What one source shows is no advance of another.
#[test]
fn a_position_has_to_advance_by_its_own_source_to_prove_that_the_writer_lives() {
    use LagSource::{Aws, Events};
    let evidence = shown(&[(Events, 20, 1), (Aws, 70, 1), (Aws, 10, 61)]);
    let alive = evidence.alive_at(NOW - Span::secs(100));
    assert_eq!(alive, Some(NOW - Span::secs(20)));
}

/// The region is dark, and before that only this source brought samples, all of them in time.
fn dark_with(sources: &[LagSource], rpo: i64) -> Estate {
    let mut e = estate();
    e.setup.policy.rpo = Span::secs(rpo);
    e.lag = None;
    e.record.facts.evidence.lag = Default::default();
    e.record.facts.evidence.pushed_lag = None;
    for age in [120, 90, 60, 30, 0] {
        for source in sources {
            e.sample_of(*source, e.now - Span::secs(age), Span::secs(1));
        }
    }
    e.wait(5);
    e.forget();
    e.region_dark();
    e
}

/// How long the quorum lasted until the role change was decided on.
fn waits(mut e: Estate) -> Span {
    let onset = e.record.facts.evidence.onset().expect("a quorum");
    e.wait_for("fencing", 400);
    e.now - onset
}

#[test]
fn a_lossy_move_waits_for_the_fastest_source_that_brings_samples() {
    use LagSource::{Aws, Events, Metric};
    let mut pushed = dark_with(&[Events, Metric, Aws], 300);
    // The heartbeat of after the next sample was due.
    pushed.wait(45);
    let (sent_at, stamped_at) = (pushed.now, pushed.now);
    pushed.give(Event::HeartbeatReturned {
        sent_at,
        stamped_at,
        earlier_lost: false,
    });
    assert_eq!(waits(pushed), Span::secs(60));
    assert_eq!(waits(dark_with(&[Metric, Aws], 300)), Span::secs(90));
    assert_eq!(waits(dark_with(&[Aws], 300)), Span::secs(180));
}

#[test]
fn an_estate_whose_only_source_is_too_slow_for_the_objective_is_not_armed_and_says_so() {
    let slow = |rto: i64, sources: &[LagSource]| {
        let mut e = estate();
        e.setup.policy.rpo = Span::secs(300);
        e.setup.policy.rto = Span::secs(rto);
        e.lag = None;
        e.record.facts.evidence.lag = Default::default();
        for source in sources {
            e.sample_of(*source, e.now, Span::secs(1));
        }
        e.wait(1);
        let seen = assess(&e.record, &e.setup, e.now);
        let why = gates::not_armed(&e.record.facts, &e.setup, e.now, &seen);
        assert_eq!(e.record.facts.armed, why.is_empty(), "{why:?}");
        why
    };
    let why = "AWS's own metric alone brings lag samples: a failover waits 180 s, and an outage lasts up to 415 s, more than the RTO of 300 s";
    assert_eq!(slow(300, &[LagSource::Aws]), [why]);
    assert_eq!(slow(415, &[LagSource::Aws]), [""; 0]);
    assert_eq!(slow(300, &[LagSource::Metric, LagSource::Aws]), [""; 0]);
}

#[test]
fn a_daemon_that_just_started_waits_for_its_own_monitor_before_it_calls_itself_too_slow() {
    let mut e = estate();
    e.setup.policy.rpo = Span::secs(300);
    e.lag = None;
    e.record.facts.evidence.lag = Default::default();
    e.give(Event::Started);
    e.sample_of(LagSource::Aws, e.now, Span::secs(1));
    e.wait(120);
    assert!(e.record.facts.armed, "as long as a sample counts");
    e.wait(1);
    assert!(!e.record.facts.armed);
}

#[test]
fn sources_contradict_each_other_when_they_differ_by_more_than_the_rpo_at_one_moment() {
    use LagSource::{Aws, Events, Metric};
    let contradict = |samples: &[(LagSource, i64, i64)]| {
        let evidence = shown(samples);
        let found = evidence.lag.contradiction();
        assert_eq!(evidence.position().is_none(), found.is_some());
        found.map(|found| (found.less, found.more))
    };
    let secs = Span::secs;
    let both = Some(((Events, secs(1)), (Metric, secs(72))));
    assert_eq!(contradict(&[(Events, 5, 1), (Metric, 5, 72)]), both);
    let both = Some(((Metric, secs(0)), (Events, secs(90))));
    assert_eq!(contradict(&[(Metric, 5, 0), (Events, 5, 90)]), both);
    // CloudWatch dates drd's metric up to 10 s early: it may show 10 s more than it seems to.
    assert_eq!(contradict(&[(Events, 5, 1), (Metric, 5, 71)]), None);
    let both = Some(((Events, secs(1)), (Metric, secs(62))));
    assert_eq!(contradict(&[(Events, 5, 1), (Metric, 15, 62)]), both);
    let both = Some(((Aws, secs(0)), (Metric, secs(300))));
    assert_eq!(contradict(&[(Aws, 60, 0), (Metric, 30, 300)]), both);
    assert_eq!(contradict(&[(Events, 5, 300)]), None, "one alone");
}

/// The replica was 100 s behind and caught up within half a minute: what the slow source shows is older.
#[test]
fn a_source_that_is_slow_contradicts_nobody() {
    use LagSource::{Aws, Events, Metric};
    let agree = |samples: &[(LagSource, i64, i64)]| {
        let found = shown(samples).lag.contradiction();
        assert_eq!(found, None, "{samples:?}");
    };
    agree(&[(Events, 60, 100), (Events, 30, 1), (Metric, 60, 100)]);
    agree(&[(Events, 60, 100), (Events, 0, 1), (Metric, 30, 1)]);
    // Its worst of a minute beside two samples of that minute.
    agree(&[(Aws, 120, 130), (Events, 110, 130), (Events, 80, 1)]);
    agree(&[
        (Aws, 180, 70),
        (Aws, 120, 130),
        (Events, 110, 130),
        (Events, 80, 1),
        (Events, 50, 1),
    ]);
    // It ended long ago, and what came since is further.
    agree(&[(Metric, 400, 100), (Events, 370, 1), (Events, 0, 1)]);
    // The fast one has lost the sample of that moment.
    agree(&[(Events, 90, 100), (Events, 30, 1), (Metric, 60, 40)]);
    // One sample that is far behind takes nothing back of what its source has shown.
    agree(&[
        (Events, 35, 1),
        (Events, 5, 9000),
        (Metric, 35, 1),
        (Metric, 5, 1),
    ]);
}

#[test]
fn a_replica_does_not_go_back_from_one_source_to_the_other() {
    use LagSource::{Aws, Events};
    // Each has shown something before.
    let found = |samples: &[(LagSource, i64, i64)]| {
        let before = samples.iter().map(|(source, ..)| (*source, 500, 0));
        let all: Vec<_> = before.chain(samples.iter().copied()).collect();
        shown(&all).lag.contradiction().is_some()
    };
    // 61 s at least between what the events showed and where AWS's metric sees the replica later.
    assert!(found(&[(Events, 70, 0), (Events, 5, 0), (Aws, 65, 126)]));
    assert!(found(&[(Events, 200, 0), (Aws, 130, 191), (Events, 0, 0)]));
    assert!(found(&[(Aws, 200, 0), (Events, 100, 161)]));
    assert!(!found(&[(Aws, 200, 0), (Events, 100, 160)]));
}

/// Each is within the RPO of the other, and nobody knows which is right: the one that is further behind counts.
#[test]
fn of_sources_that_differ_by_less_the_position_is_the_one_that_both_show() {
    use LagSource::{Aws, Events, Metric};
    let position = |samples: &[(LagSource, i64, i64)]| {
        let position = shown(samples).position().expect("no contradiction");
        NOW - position
    };
    let secs = Span::secs;
    assert_eq!(position(&[(Events, 5, 60), (Metric, 5, 20)]), secs(65));
    // CloudWatch dates drd's metric up to 10 s early, AWS's up to a minute.
    assert_eq!(position(&[(Events, 5, 20), (Metric, 5, 60)]), secs(55));
    assert_eq!(position(&[(Events, 5, 20), (Metric, 15, 20)]), secs(25));
    assert_eq!(
        position(&[(Events, 90, 1), (Events, 60, 1), (Aws, 120, 1)]),
        secs(61)
    );
    assert_eq!(position(&[(Aws, 120, 0), (Events, 90, 61)]), secs(151));
}

/// Whoever may put one event on the bus can neither open the gate with it nor close it.
#[test]
fn one_sample_of_a_source_counts_for_nothing_beside_another_that_has_brought_more() {
    use LagSource::{Events, Metric};
    for forged in [0, 31_000_000] {
        let mut evidence = shown(&[(Metric, 60, 90), (Metric, 30, 90), (Events, 10, forged)]);
        assert_eq!(evidence.lag.contradiction(), None);
        assert_eq!(evidence.position(), Some(NOW - Span::secs(120)));
        show(&mut evidence, Events, Span::secs(40), Span::secs(forged));
        assert!(evidence.lag.contradiction().is_some(), "twice is a source");
    }
    let first = shown(&[(Events, 10, 1)]);
    assert_eq!(
        first.position(),
        Some(NOW - Span::secs(11)),
        "the first of all"
    );
}

#[test]
fn a_source_that_has_been_silent_for_ten_minutes_is_asked_no_more() {
    use LagSource::{Events, Metric};
    let evidence = shown(&[
        (Events, 630, 0),
        (Events, 600, 0),
        (Metric, 600, 300),
        (Metric, 0, 890),
    ]);
    assert!(evidence.lag.contradiction().is_some());
    assert_eq!(evidence.position(), None);
    let mut later = shown(&[(Events, 631, 0), (Events, 601, 0), (Metric, 601, 300)]);
    show(&mut later, Metric, Span::ZERO, Span::secs(890));
    assert_eq!(later.lag.contradiction(), None);
    assert_eq!(later.position(), Some(NOW - Span::secs(890)));
    // The one that is read passes what the other claimed: it is in doubt no more.
    let mut evidence = shown(&[(Events, 620, 0), (Events, 590, 0), (Metric, 590, 300)]);
    show(&mut evidence, Metric, Span::ZERO, Span::secs(590));
    assert_eq!(evidence.position(), Some(NOW - Span::secs(590)));
    // What shows the greater lag and falls silent is not passed: it may be the one that is right.
    let unsure = shown(&[
        (Events, 620, 270),
        (Events, 590, 300),
        (Metric, 590, 0),
        (Metric, 0, 0),
    ]);
    assert!(unsure.lag.contradiction().is_some());
}

/// Samples of one moment in which the events show no lag and drd's metric 100 s.
fn contradicted() -> Estate {
    let mut e = estate();
    e.lag = None;
    e.record.facts.evidence.lag = Default::default();
    for ago in [30, 0] {
        e.sample(e.now - Span::secs(ago), Span::ZERO);
        e.sample_of(LagSource::Metric, e.now - Span::secs(ago), Span::secs(100));
    }
    e
}

const CONTRADICTION: &str = "the sources of the replication lag contradict each other by more than the RPO: the replica is 0 s behind by drd's lag events, 100 s by drd's own metric";

#[test]
fn a_contradiction_is_paged_once_as_a_warning_and_disarms() {
    let mut e = contradicted();
    e.wait(59);
    assert!(!e.record.facts.armed);
    assert_eq!(e.pages(), [""; 0]);
    e.wait(2);
    let pages = e.pages();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert!(pages[0].contains(CONTRADICTION), "{pages:?}");
    assert_eq!(e.record.facts.diagnosis.is, Diagnosis::Gray);
    e.wait(500);
    assert_eq!(e.pages().len(), 1, "{:?}", e.pages());
    for source in [LagSource::Events, LagSource::Metric] {
        e.sample_of(source, e.now, Span::secs(1));
    }
    e.wait(1);
    assert!(e.record.facts.armed, "they agree again");
}

#[test]
fn no_data_is_given_up_on_the_word_of_one_source_against_another() {
    let mut e = contradicted();
    e.wait(10);
    e.forget();
    e.region_dark();
    e.wait(100);
    assert_eq!(e.state(), "suspecting", "a late sample may still settle it");
    e.wait_for("held", 10);
    e.changes_no_role();
    let State::Held {
        hold: Hold::Blocked(closed),
        ..
    } = &e.record.state
    else {
        panic!("{}", e.story());
    };
    let what = CONTRADICTION.to_owned();
    assert_eq!(*closed, [Blocker::LagContradicted { what }]);
    // What drd's metric brings late settles it: the replica was as far as the events showed.
    let taken = e
        .record
        .facts
        .evidence
        .lag
        .newest()
        .expect("samples")
        .taken_at;
    e.sample_of(LagSource::Metric, taken + Span::secs(1), Span::secs(1));
    e.wait_for("promoting", 20);
}

/// The events showed what was not so. Once they are silent, what was served before their claim counts as lost.
#[test]
fn a_position_that_is_taken_back_takes_back_what_was_counted_from_it() {
    let mut e = contradicted();
    let position = e.now - Span::secs(100);
    for more in 1..=21 {
        e.wait(30);
        let lag = Span::secs(100 + 30 * more);
        e.sample_of(LagSource::Metric, e.now, lag);
    }
    let loss = assess(&e.record, &e.setup, e.now).loss;
    assert_eq!(loss, Some(e.now - position));
}
