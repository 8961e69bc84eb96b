//! The promises S1 to S7 over random stories: whatever the sensors report, however attempts
//! end, whenever a daemon starts again, an operator orders something or the clock is set back.
//!
//! Deliberately absent: the promises themselves (`book`).

use crate::book::{Book, ENDPOINT};
use crate::estate::unanswered;
use crate::estate::{Estate, Healthy, Unhealthy, Unknown, completion, denied, estate, refused};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Event, Outcome, Side, Vantage, Verdict, Word};
use drd_state_machine::time::{Span, Time};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;

/// Something that happens in a story.
#[derive(Clone, Debug)]
enum Turn {
    Wait(i64),
    Says(Vantage, Side, Verdict),
    Endpoint(Verdict),
    Dark,
    Back,
    DatabaseDown,
    ApplicationDown,
    References(Verdict),
    Lag(Option<i64>),
    OldSample(i64, i64),
    Ends(usize, usize),
    EndsOld(usize, usize),
    Writer(Side),
    Underway(Side),
    Serving(Side, u32),
    Resolvers(Side),
    Goes(u8),
    Check(Verdict),
    Order(Word),
    Start,
    ClockBack(i64),
    ClockError(i64),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Primary), Just(Side::Standby)]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![3 => Just(Unhealthy), 2 => Just(Healthy), 1 => Just(Unknown)]
}

fn vantage() -> impl Strategy<Value = Vantage> {
    prop_oneof![
        Just(Vantage::Witness),
        Just(Vantage::Route53),
        Just(Vantage::Probe),
        Just(Vantage::ControlPlane),
        Just(Vantage::Inside)
    ]
}

fn word() -> impl Strategy<Value = Word> {
    prop_oneof![
        3 => Just(Word::Pause),
        3 => Just(Word::Resume),
        1 => Just(Word::Abandon),
        1 => Just(Word::Failover),
        1 => Just(Word::Switchover)
    ]
}

fn turn(operators: bool) -> impl Strategy<Value = Turn> {
    prop_oneof![
        8 => (1..30i64).prop_map(Turn::Wait),
        3 => (60..120i64).prop_map(Turn::Wait),
        // What was raised is taken back ten minutes after.
        1 => (600..700i64).prop_map(Turn::Wait),
        4 => (vantage(), side(), verdict()).prop_map(|(v, s, w)| Turn::Says(v, s, w)),
        1 => verdict().prop_map(Turn::Endpoint),
        3 => Just(Turn::Dark),
        1 => Just(Turn::Back),
        2 => Just(Turn::DatabaseDown),
        2 => Just(Turn::ApplicationDown),
        1 => verdict().prop_map(Turn::References),
        1 => prop_oneof![Just(None), (0..70i64).prop_map(Some)].prop_map(Turn::Lag),
        1 => (0..300i64, 0..70i64).prop_map(|(age, lag)| Turn::OldSample(age, lag)),
        4 => (0..8usize, 0..5usize).prop_map(|(k, o)| Turn::Ends(k, o)),
        1 => (0..8usize, 0..5usize).prop_map(|(k, o)| Turn::EndsOld(k, o)),
        1 => side().prop_map(Turn::Writer),
        1 => side().prop_map(Turn::Underway),
        1 => (side(), 0..7u32).prop_map(|(s, n)| Turn::Serving(s, n)),
        1 => side().prop_map(Turn::Resolvers),
        5 => (1..4u8).prop_map(Turn::Goes),
        1 => verdict().prop_map(Turn::Check),
        1 => word().prop_map(move |w| if operators { Turn::Order(w) } else { Turn::Wait(1) }),
        1 => Just(Turn::Start),
        1 => (1..7200i64).prop_map(Turn::ClockBack),
        1 => (-400..400i64).prop_map(Turn::ClockError),
    ]
}

fn outcome(number: usize) -> Outcome {
    match number {
        0 => Outcome::Done,
        1 => Outcome::AlreadySo,
        2 => unanswered(),
        3 => refused(),
        _ => denied(),
    }
}

fn play(e: &mut Estate, turn: &Turn) {
    match *turn {
        Turn::Wait(seconds) => e.wait(seconds),
        Turn::Says(vantage, side, verdict) => {
            e.verdicts.insert((vantage, side), verdict);
            e.poll_all();
        }
        Turn::Endpoint(verdict) => {
            e.endpoint(verdict);
            e.poll_all();
        }
        Turn::Dark => e.region_dark(),
        Turn::Back => e.region_back(),
        Turn::DatabaseDown => e.database_down(),
        Turn::ApplicationDown => {
            e.serving(e.active().other(), 6);
            e.application_down();
        }
        Turn::References(verdict) => e.references = verdict,
        Turn::Lag(lag) => e.lag = lag.map(Span::secs),
        Turn::OldSample(age, lag) => e.sample(e.now - Span::secs(age), Span::secs(lag)),
        Turn::Ends(kind, how) => ends(e, kind, how, true),
        Turn::EndsOld(kind, how) => ends(e, kind, how, false),
        Turn::Writer(side) => e.writer_is(side),
        Turn::Underway(side) => e.underway(side),
        Turn::Serving(side, instances) => e.serving(side, instances),
        Turn::Resolvers(side) => e.view.dns = Some(side),
        Turn::Goes(steps) => goes(e, steps),
        Turn::Check(verdict) => {
            e.readiness = verdict;
            e.check();
        }
        Turn::Order(word) => e.order(word),
        Turn::Start => {
            e.give(Event::Started);
        }
        Turn::ClockBack(seconds) => clock_back(e, Span::secs(seconds)),
        Turn::ClockError(seconds) => clock_error(e, Span::secs(seconds)),
    }
}

fn ends(e: &mut Estate, kind: usize, how: usize, newest: bool) {
    let asked = e.asked(Kind::ALL[kind % Kind::ALL.len()]);
    let command = if newest { asked.last() } else { asked.first() };
    if let Some(command) = command.copied().cloned() {
        e.give(completion(&command, outcome(how)));
    }
}

/// The world does what was asked for last, step by step.
fn goes(e: &mut Estate, steps: u8) {
    for _ in 0..steps {
        let asked = |c: &&Command| c.kind() != Kind::Page;
        let Some(command) = e.commands().filter(asked).last().cloned() else {
            return;
        };
        if let Command::Promote { to, .. } | Command::Switchover { to, .. } = command {
            e.writer_is(to);
            e.serving(to, 6);
        }
        if let Command::Redirect { to, .. } = command {
            e.view.dns = Some(to);
            for vantage in ENDPOINT {
                e.verdicts.insert((vantage, to), Healthy);
            }
        }
        e.give(completion(&command, Outcome::Done));
        e.wait(6);
    }
}

fn clock_back(e: &mut Estate, by: Span) {
    e.now = Time((e.now - by).0.max(0));
    if let Some(book) = &mut e.book {
        book.clock_set_back(by);
    }
    e.give(Event::Started);
}

fn clock_error(e: &mut Estate, error: Span) {
    let stamped_at = e.now + error;
    e.give(Event::HeartbeatReturned {
        sent_at: e.now,
        stamped_at,
        earlier_lost: false,
    });
}

fn may_act_on_everything(e: &mut Estate) {
    e.may_act_on(Diagnosis::ApplicationDown);
    e.may_act_on(Diagnosis::EdgeDown);
}

/// The same stories in every run: a failure is a fact, not an accident. `STORIES=20000` plays
/// more of them.
fn runner(cases: u32) -> TestRunner {
    let asked = std::env::var("STORIES").ok().and_then(|n| n.parse().ok());
    let cases = asked.unwrap_or(cases);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Plays random stories with the book open; what was begun in all of them, by kind.
/// The rarest command is begun once in some 150 stories.
const CASES: u32 = 600;

fn begun_in_stories(cases: u32, operators: bool) -> BTreeMap<Kind, u32> {
    let counted = std::cell::RefCell::new(BTreeMap::new());
    let stories = proptest::collection::vec(turn(operators), 1..40);
    let outcome = runner(cases).run(&stories, |story| {
        let mut e = estate();
        may_act_on_everything(&mut e);
        e.book = Some(Book::default());
        for turn in &story {
            play(&mut e, turn);
        }
        let begun = e.book.map(|book| book.counted).unwrap_or_default();
        for (kind, times) in begun {
            *counted.borrow_mut().entry(kind).or_default() += times;
        }
        Ok(())
    });
    if let Err(failed) = outcome {
        panic!("{failed}");
    }
    counted.into_inner()
}

#[test]
fn the_promises_hold_in_random_stories_without_operators() {
    let begun = begun_in_stories(CASES, false);
    for kind in Kind::ALL {
        assert!(
            begun.contains_key(&kind),
            "{kind} was never begun: {begun:?}"
        );
    }
}

#[test]
fn the_promises_hold_in_random_stories_with_operators() {
    let begun = begun_in_stories(CASES, true);
    for kind in Kind::ALL {
        assert!(
            begun.contains_key(&kind),
            "{kind} was never begun: {begun:?}"
        );
    }
}

#[test]
fn an_event_that_is_delivered_again_has_the_effect_of_one() {
    let stories = proptest::collection::vec(turn(true), 1..40);
    let outcome = runner(100).run(&(stories, 1..4usize), |(story, times)| {
        let (mut once, mut again) = (estate(), estate());
        may_act_on_everything(&mut once);
        may_act_on_everything(&mut again);
        once.again = (times, true);
        again.again = (times, false);
        for turn in &story {
            play(&mut once, turn);
            play(&mut again, turn);
            prop_assert_eq!(once.state(), again.state(), "after {:?}", turn);
            prop_assert_eq!(acts(&once), acts(&again), "after {:?}", turn);
        }
        Ok(())
    });
    if let Err(failed) = outcome {
        panic!("{failed}");
    }
}

/// Everything that was commanded but pages.
fn acts(e: &Estate) -> Vec<&Command> {
    e.commands().filter(|c| c.kind() != Kind::Page).collect()
}
