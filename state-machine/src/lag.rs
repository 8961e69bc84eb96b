//! Lag samples, kept apart by source, and whether the sources contradict each other (DESIGN section 4,
//! rule 11).
//!
//! A sample shows the position `taken_at - lag`, and a replica never goes back: of each source the furthest
//! position counts. Two sources are compared at the newest moment that both have reported, so that a source
//! that is slow is not taken for one that is wrong. Deliberately absent: what a position means for a failover
//! (`replication`).

use crate::event::{LagSample, LagSource};
use crate::reading::Noted;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Samples kept of each source: 10 minutes at one every 30 s, as far back as CloudWatch is read. Older ones
/// bear on no open question.
const SAMPLES_MAX: usize = 20;
/// A source that has brought nothing for so long while another did is asked no more, neither for a position nor
/// for a contradiction: CloudWatch is read no further back.
const FORGOTTEN_AFTER: Span = Span::secs(600);

/// The samples of every source, and what they amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LagBook {
    /// Of each source, oldest first, in the order of [`LagSource::ALL`].
    samples: [Arc<Vec<LagSample>>; 3],
    /// The newest position that any source shows.
    furthest: Option<Time>,
    /// By how much two sources surely differ: so much of it is not known to be there.
    doubt: Span,
    /// Two sources that contradict each other, if two do.
    contradiction: Option<Contradiction>,
}

/// Two sources that cannot both be right: what each shows of about the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradiction {
    /// The source that shows the smaller lag, and that lag.
    pub less: (LagSource, Span),
    /// The source that shows the greater one.
    pub more: (LagSource, Span),
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((less, small), (more, great)) = (self.less, self.more);
        write!(
            f,
            "the sources of the replication lag contradict each other by more than the RPO: the replica is {small} behind by {}, {great} by {}",
            less.words(),
            more.words()
        )
    }
}

/// What a source shows of one moment: between `from` and `until` the replica was at `low` or up to
/// `until - from` further.
#[derive(Clone, Copy)]
struct Claim {
    from: Time,
    until: Time,
    low: Time,
}

impl Claim {
    fn high(&self) -> Time {
        self.low + (self.until - self.from)
    }

    fn is_before(&self, other: &Claim) -> bool {
        self.until < other.from
    }

    /// By how much this one is further than the other for sure.
    fn exceeds(&self, other: &Claim) -> Span {
        self.low - other.high()
    }

    /// Whether both may be of one moment.
    fn is_beside(&self, other: &Claim) -> bool {
        !self.is_before(other) && !other.is_before(self)
    }

    /// By how much one of them is further than the other for sure.
    fn differs(&self, other: &Claim) -> Span {
        self.exceeds(other).max(other.exceeds(self))
    }

    fn lag(&self) -> Span {
        Span((self.from - self.low).0.max(0))
    }
}

/// What a source claims with each sample, oldest first. It does not go back: a sample that is further behind
/// than one before it takes nothing back.
fn claims(samples: &[LagSample]) -> impl Iterator<Item = Claim> {
    let mut furthest = Time(i64::MIN);
    samples.iter().map(move |sample| {
        furthest = furthest.max(sample.position());
        Claim {
            from: sample.taken_at,
            until: sample.taken_at + sample.source.dated_within(),
            low: furthest,
        }
    })
}

/// By how much two sources surely differ, and what each shows: at the end of the one that ends first. Of
/// samples of the same moment the two count that differ least: within a minute a replica may catch up. Where
/// there are none, those before must not be further, and those after not further behind.
fn difference(ends_first: &[LagSample], other: &[LagSample]) -> Option<(Span, [Claim; 2])> {
    let end = claims(ends_first).last()?;
    let newest = claims(other).last()?;
    let (mut before, mut after, mut beside) = (None, None, None);
    for claim in claims(other) {
        if claim.is_before(&end) {
            before = Some((claim.exceeds(&end), claim));
        } else if end.is_before(&claim) {
            after = after.or(Some((end.exceeds(&claim), claim)));
        } else {
            // A minute of AWS's metric may have several samples of the other source beside it.
            let own = claims(ends_first).filter(|own| own.is_beside(&claim));
            let least = own.map(|own| own.differs(&claim)).min();
            let least = least.map(|least| (least, claim));
            beside = nearer(beside, least);
        }
    }
    let apart = before.into_iter().chain(after).max_by_key(|(by, _)| *by);
    let (by, found) = beside.or(apart)?;
    // The other has come as far as this one was by then: what was in doubt bears on nothing any more.
    let passed = end.low > found.low && newest.low >= end.low;
    (!passed).then_some((by, [end, found]))
}

fn nearer(one: Option<(Span, Claim)>, two: Option<(Span, Claim)>) -> Option<(Span, Claim)> {
    one.into_iter().chain(two).min_by_key(|(by, _)| *by)
}

/// By how much the two differ, and what each shows.
fn compared(one: &[LagSample], two: &[LagSample]) -> Option<(Span, Contradiction)> {
    let end = |samples: &[LagSample]| claims(samples).last().map(|claim| claim.until);
    let (first, other) = if end(one) <= end(two) {
        (one, two)
    } else {
        (two, one)
    };
    let (by, [ends, found]) = difference(first, other)?;
    let shown = (first.last()?.source, ends.lag());
    let against = (other.last()?.source, found.lag());
    let (less, more) = if ends.low >= found.low {
        (shown, against)
    } else {
        (against, shown)
    };
    Some((by, Contradiction { less, more }))
}

impl LagBook {
    /// The samples of one source, oldest first.
    pub fn of(&self, source: LagSource) -> &[LagSample] {
        &self.samples[source.index()]
    }

    /// Takes a sample; samples may arrive late and twice.
    pub(crate) fn take(&mut self, sample: LagSample, rpo: Span) -> Noted {
        let samples = &mut self.samples[sample.source.index()];
        let place = samples.partition_point(|s| s.taken_at < sample.taken_at);
        let same = samples
            .get(place)
            .filter(|s| s.taken_at == sample.taken_at)
            .map(|known| known.lag);
        if same.is_some_and(|lag| lag >= sample.lag) {
            return Noted::Duplicate;
        }
        let samples = Arc::make_mut(samples);
        if same.is_some() {
            // A source that shows two lags for one moment: the worse one counts, and is written down.
            samples[place].lag = sample.lag;
        } else {
            samples.insert(place, sample);
            if samples.len() > SAMPLES_MAX {
                samples.remove(0);
            }
        }
        self.weigh(rpo);
        Noted::Changed
    }

    /// Works out what the samples amount to.
    pub(crate) fn weigh(&mut self, rpo: Span) {
        let asked = LagSource::ALL.map(|source| self.is_asked(source).then(|| self.of(source)));
        let all = asked.iter().flatten().copied().flatten();
        let furthest = all.map(LagSample::position).max();
        let pairs = [(0, 1), (0, 2), (1, 2)].into_iter();
        let differ = pairs.filter_map(|(a, b)| compared(asked[a]?, asked[b]?));
        let worst = differ.max_by_key(|(by, _)| *by);
        let found = worst.filter(|(by, _)| *by > rpo).map(|(_, found)| found);
        self.doubt = worst.map_or(Span::ZERO, |(by, _)| by.max(Span::ZERO));
        (self.furthest, self.contradiction) = (furthest, found);
    }

    /// Whether a source counts. One sample alone makes no source where another has brought more: a single forged
    /// message neither opens the gate nor closes it.
    fn is_asked(&self, source: LagSource) -> bool {
        let repeated = |samples: &[LagSample]| samples.len() > 1;
        let alone = !repeated(self.of(source)) && self.samples.iter().any(|s| repeated(s));
        let behind = self.behind(source);
        !alone && behind.is_some_and(|behind| behind <= FORGOTTEN_AFTER)
    }

    /// How much older this source's newest sample is than the newest of all.
    fn behind(&self, source: LagSource) -> Option<Span> {
        let (newest, own) = (self.newest()?, self.of(source).last()?);
        Some(newest.taken_at - own.taken_at)
    }

    /// Whether this source brings samples: its newest one is hardly older than the newest of all. Relative to
    /// one another, since an outage silences all of them.
    pub(crate) fn is_live(&self, source: LagSource, within: Span) -> bool {
        self.behind(source).is_some_and(|behind| behind <= within)
    }

    /// The newest sample of all.
    pub fn newest(&self) -> Option<LagSample> {
        let newest = self.samples.iter().filter_map(|samples| samples.last());
        newest.max_by_key(|sample| sample.taken_at).copied()
    }

    /// The newest position that any source shows.
    pub fn furthest(&self) -> Option<Time> {
        self.furthest
    }

    /// The newest position that no source gainsays; `None` where two contradict each other.
    pub fn agreed(&self) -> Option<Time> {
        let position = self.furthest.filter(|_| self.contradiction.is_none());
        position.map(|position| position - self.doubt)
    }

    /// The sources that contradict each other, if two do.
    pub fn contradiction(&self) -> Option<Contradiction> {
        self.contradiction
    }

    /// Moves every remembered moment by `by`: the clock was set back.
    pub(crate) fn shift(&mut self, by: Span) {
        for samples in &mut self.samples {
            for sample in Arc::make_mut(samples) {
                sample.taken_at = sample.taken_at + by;
            }
        }
        self.furthest = self.furthest.map(|at| at + by);
    }
}
