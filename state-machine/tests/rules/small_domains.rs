//! Every combination of what three domains report (3 verdicts), how old each report is (6 ages) and what the
//! lag's samples show (6 pictures), each judged by a few lines that share nothing with the machine: 34,992.
//!
//! Deliberately absent: how a picture came about over time; `detect` and `decide` have those.

use crate::estate::{Estate, Healthy, Unhealthy, Unknown, estate};
use drd_state_machine::assessment::Assessment;
use drd_state_machine::command::Kind;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{
    Event, LagSample, LagSource, Observation, Side, Signal, Vantage, Verdict,
};
use drd_state_machine::gates;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{assess, step};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The domains, and how many seconds a report of each counts (DESIGN section 4).
const DOMAINS: [(Vantage, i64); 3] = [
    (Vantage::Witness, 90),
    (Vantage::Route53, 135),
    (Vantage::Probe, 20),
];
const VERDICTS: [Verdict; 3] = [Healthy, Unhealthy, Unknown];
/// Seconds: both sides of each limit above.
const AGES: [i64; 6] = [0, 20, 21, 90, 91, 136];
/// The well estate's own reports are this old in every picture: too old to count.
const LATER: Span = Span::secs(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Samples {
    /// None since all was well, five minutes ago.
    None,
    /// One just before the oldest bad report, a second behind.
    JustBefore,
    /// One before every report, ten minutes behind.
    FarBehind,
    /// One of a second ago that shows the newest writes.
    Alive,
    /// The same by AWS's own metric, and the last one by drd's own before the oldest bad report.
    AliveByAws,
    /// One just before the oldest bad report: a second behind by one source, ten minutes by another.
    Contradicting,
}

const SAMPLES: [Samples; 6] = [
    Samples::None,
    Samples::JustBefore,
    Samples::FarBehind,
    Samples::Alive,
    Samples::AliveByAws,
    Samples::Contradicting,
];

/// A verdict, and how many seconds ago its sensor looked.
type Report = (Verdict, i64);

struct Picture {
    reports: [Report; 3],
    samples: Samples,
}

impl Picture {
    fn every() -> impl Iterator<Item = Picture> {
        let reports = || VERDICTS.into_iter().flat_map(|v| AGES.map(|age| (v, age)));
        reports().flat_map(move |a| {
            reports().flat_map(move |b| {
                reports().flat_map(move |c| {
                    SAMPLES.map(|samples| Picture {
                        reports: [a, b, c],
                        samples,
                    })
                })
            })
        })
    }

    fn bad_ages(&self) -> impl Iterator<Item = i64> {
        let bad = self.reports.iter().filter(|(v, _)| *v == Unhealthy);
        bad.map(|(_, age)| *age)
    }

    /// How old the reports of this are that count.
    fn fresh_ages(&self, wanted: Verdict) -> Vec<i64> {
        let reports = self.reports.iter().zip(&DOMAINS);
        let fresh = reports.filter(|((v, age), (_, limit))| *v == wanted && age <= limit);
        fresh.map(|((_, age), _)| *age).collect()
    }

    /// How long ago the second domain of a quorum saw it bad, at the latest.
    fn quorum_age(&self) -> Option<i64> {
        let mut ages = self.fresh_ages(Unhealthy);
        ages.sort_unstable_by(|a, b| b.cmp(a));
        ages.get(1).copied()
    }

    /// How long ago somebody saw it well (rule 4); an alarm whose state stays as it was did not look.
    fn dissent_age(&self) -> Option<i64> {
        let [witness, _, probe] = self.reports;
        let good = [witness, probe].into_iter().filter(|(v, _)| *v == Healthy);
        good.map(|(_, age)| age).min()
    }

    /// What the machine makes of it at the moment `now`, and whether it asked for a promotion by then.
    fn seen(&self, well: &Estate, now: Time) -> (Assessment, bool) {
        let mut record = well.record.clone();
        let mut events: Vec<(Time, Event)> = Vec::new();
        for ((vantage, _), (verdict, age)) in DOMAINS.iter().zip(self.reports) {
            let at = now - Span::secs(age);
            if verdict != Unknown {
                events.push((at, signal(*vantage, verdict, at)));
            }
        }
        for age in (0..=280).rev().step_by(10) {
            let at = now - Span::secs(age);
            let answers = Observation {
                references: Healthy,
                ..Observation::default()
            };
            events.push((at, Event::Observed(answers)));
            events.push((at, signal(Vantage::ControlPlane, Unhealthy, at)));
        }
        events.extend(self.samples(now));
        events.sort_by_key(|(at, _)| *at);
        let mut promoted = false;
        for (at, event) in events {
            let decision = step(&mut record, &well.setup, at, &event);
            promoted |= decision.commands.iter().any(|c| c.kind() == Kind::Promote);
        }
        (assess(&record, &well.setup, now), promoted)
    }

    fn samples(&self, now: Time) -> Vec<(Time, Event)> {
        let before = self.bad_ages().max().map(|age| age + 1);
        let shown: Vec<(LagSource, i64, i64)> = match (self.samples, before) {
            (Samples::FarBehind, _) => vec![(LagSource::Events, 141, 600)],
            (Samples::Alive, _) => vec![(LagSource::Events, 1, 0)],
            (Samples::JustBefore, Some(age)) => vec![(LagSource::Events, age, 1)],
            (Samples::AliveByAws, Some(age)) => {
                vec![(LagSource::Events, age, 1), (LagSource::Aws, 1, 0)]
            }
            (Samples::Contradicting, Some(age)) => {
                let far = |age| (LagSource::Metric, age, 600);
                vec![(LagSource::Events, age, 1), far(age + 30), far(age)]
            }
            (Samples::None, _) | (_, None) => Vec::new(),
        };
        let event = |(source, age, lag)| {
            let (taken_at, lag) = (now - Span::secs(age), Span::secs(lag));
            let sample = LagSample {
                source,
                taken_at,
                lag,
            };
            let pushed = source == LagSource::Events;
            let event = if pushed {
                Event::Sampled
            } else {
                Event::LagRead
            };
            (taken_at, event(sample))
        };
        shown.into_iter().map(event).collect()
    }
}

fn signal(vantage: Vantage, verdict: Verdict, observed_at: Time) -> Event {
    Event::Signalled(Signal {
        sensor: Arc::from(crate::estate::name(vantage, Side::Primary)),
        verdict,
        observed_at,
        good_at: None,
        id: Arc::from(""),
    })
}

const ACTED_ON: [Diagnosis; 4] = [
    Diagnosis::RegionDark,
    Diagnosis::DatabaseDown,
    Diagnosis::ApplicationDown,
    Diagnosis::EdgeDown,
];

/// What kind of picture it is, once the machine's view of it was found right.
fn judged(picture: &Picture, well: &Estate, (seen, promoted): (Assessment, bool)) -> &'static str {
    let shown = || {
        format!(
            "{:?} {:?}: {promoted} {seen:?}",
            picture.reports, picture.samples
        )
    };
    assert_eq!(
        usize::from(seen.down),
        picture.fresh_ages(Unhealthy).len(),
        "{}",
        shown()
    );
    assert_eq!(
        usize::from(seen.up),
        picture.fresh_ages(Healthy).len(),
        "{}",
        shown()
    );
    if promoted {
        let agreed = picture.bad_ages().filter(|age| *age >= 60).count() >= 2;
        // A sample of a second ago comes too late for what was decided before it.
        let known = [Samples::JustBefore, Samples::AliveByAws];
        assert!(agreed && known.contains(&picture.samples), "{}", shown());
    }
    let Some(age) = picture.quorum_age() else {
        assert!(
            !ACTED_ON.contains(&seen.diagnosis),
            "no quorum: {}",
            shown()
        );
        return "without a quorum";
    };
    let dissent = picture.dissent_age().filter(|good| *good < age);
    // As long as a good reading counts that is newer than the quorum, nobody acts (20 s).
    if dissent.is_some_and(|good| good <= 20) {
        assert!(!ACTED_ON.contains(&seen.diagnosis), "dissent: {}", shown());
        return "with dissent";
    }
    // A bad report that counts no more may have made an earlier quorum with one that does.
    if picture.fresh_ages(Unhealthy).len() < picture.bad_ages().count() {
        return "with an older quorum";
    }
    // The sample's position has to be after the quorum came about, or came about anew.
    let alive = [Samples::Alive, Samples::AliveByAws].contains(&picture.samples);
    if alive && dissent.unwrap_or(age) > 1 {
        assert!(seen.replicating, "{}", shown());
        assert_ne!(seen.diagnosis, Diagnosis::RegionDark, "{}", shown());
        return "vetoed";
    }
    assert_eq!(seen.diagnosis, Diagnosis::RegionDark, "{}", shown());
    lost(picture, gates::rpo(&seen, &well.setup).is_some(), shown)
}

/// What would be lost is at most what was written between the sample and the newest bad report.
fn lost(picture: &Picture, closed: bool, shown: impl Fn() -> String) -> &'static str {
    let spread = picture.bad_ages().max().zip(picture.bad_ages().min());
    let near = spread.is_some_and(|(oldest, newest)| oldest - newest <= 50);
    match picture.samples {
        Samples::FarBehind => {
            assert!(closed, "{}", shown());
            "dark, over the RPO"
        }
        Samples::Contradicting => {
            assert!(closed, "{}", shown());
            "dark, with sources that contradict each other"
        }
        // Whoever found it well since then may be right, and then users wrote all the time before.
        Samples::JustBefore if near && picture.dissent_age().is_none() => {
            assert!(!closed, "{}", shown());
            "dark, within the RPO"
        }
        Samples::JustBefore | Samples::None | Samples::Alive | Samples::AliveByAws => "dark",
    }
}

#[test]
fn every_small_picture_is_acted_on_only_with_a_quorum_a_silent_veto_and_a_known_loss() {
    let well = estate();
    let now = well.now + LATER;
    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    let mut acted = 0;
    for picture in Picture::every() {
        let seen = picture.seen(&well, now);
        acted += usize::from(seen.1);
        *met.entry(judged(&picture, &well, seen)).or_default() += 1;
    }
    println!("{met:?}, {acted} acted on");
    assert_eq!(met.values().sum::<usize>(), 18 * 18 * 18 * 6);
    assert!(met.len() == 8 && acted > 0, "a kind was not met: {met:?}");
}
