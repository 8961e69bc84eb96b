//! What a ledger's own lines show of the outage: which fault domains reported a side down, since when, who
//! ordered something, and who was seen to be the writer.
//!
//! It counts the readings of the lines again, and takes nothing of what the machine made of them.
//! Deliberately absent: freshness, muting, and which of two late readings counts; what counts here may not
//! have counted there, never the other way round: a sensor that reported down in the time in question counts,
//! whatever it reported since.

use drd_state_machine::event::{Domain, Event, Side, Signal, Verdict, Word};
use drd_state_machine::policy::Sensor;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Record, Setup};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Since when a sensor has reported down.
#[derive(Clone, Copy, Debug)]
struct BadRun {
    /// When it looked, by its sender's clock; absent for drd's own looks.
    stamped: Option<Time>,
    /// When it was received, or looked at, by the clock of the lines; absent where that was another one.
    taken: Option<Time>,
}

impl BadRun {
    fn since(&self, clock_error: Span) -> Time {
        let stamped = self.stamped.map(|at| at - clock_error);
        // Neither is known: before the clock was set, at some time.
        stamped
            .into_iter()
            .chain(self.taken)
            .min()
            .unwrap_or_default()
    }
}

/// For how long before the hold-down a report of down counts although a good one came since: a sensor that keeps
/// changing for as long as this is muted (policy, `FLAP_WINDOW`).
const BAD_WITHIN: Span = Span::secs(300);
/// Lines about one sensor that reported down and are kept: one a second for the longest time in question.
const BAD_LINES_MAX: usize = 1_200;

/// One sensor's readings in the lines so far.
#[derive(Clone, Debug, Default)]
struct ReadSensor {
    newest: Option<Time>,
    run: Option<BadRun>,
    /// The lines in which it reported down, oldest first; absent where the clock was another one.
    bad: VecDeque<Option<Time>>,
}

impl ReadSensor {
    fn note_bad(&mut self, now: Time) {
        if self.bad.len() >= BAD_LINES_MAX {
            self.bad.pop_front();
        }
        self.bad.push_back(Some(now));
    }

    /// The first line since then in which it reported down. Of another clock: at some time, maybe since then.
    fn bad_since(&self, from: Time) -> Option<Time> {
        let mut lines = self.bad.iter().map(|at| at.unwrap_or(from));
        lines.find(|at| *at >= from)
    }
}

/// What the lines so far show.
#[derive(Debug, Default)]
pub(super) struct ReadEvidence {
    sensors: BTreeMap<Arc<str>, ReadSensor>,
    writers_seen: [bool; 2],
    ordered: bool,
}

impl ReadEvidence {
    /// The ledger is the end of a longer one: what its first line remembers is what the others showed.
    pub(super) fn begins(&mut self, record: &Record) {
        for reading in record.facts.evidence.readings.iter() {
            let down = reading.verdict == Verdict::Unhealthy;
            let run = BadRun {
                stamped: None,
                taken: Some(reading.since),
            };
            let sensor = ReadSensor {
                newest: reading.stamped_at,
                run: down.then_some(run),
                bad: VecDeque::new(),
            };
            self.sensors.insert(reading.sensor.clone(), sensor);
        }
        self.ordered = record.facts.incident.is_some();
    }

    /// The lines after this one are of another clock.
    pub(super) fn changes_clock(&mut self) {
        for sensor in self.sensors.values_mut() {
            if let Some(run) = &mut sensor.run {
                run.taken = None;
            }
            sensor.bad.iter_mut().for_each(|at| *at = None);
        }
    }

    /// A line's event.
    pub(super) fn takes(&mut self, now: Time, event: &Event) {
        if let Event::Signalled(signal) = event {
            self.reads(now, signal);
        }
        if let Event::Observed(seen) = event
            && let Some(writer) = seen.global.and_then(|global| global.writer)
        {
            self.writers_seen[writer.index()] = true;
        }
        self.ordered |= matches!(event.word(), Some(Word::Failover | Word::Switchover));
    }

    fn reads(&mut self, now: Time, signal: &Signal) {
        let pushed = !signal.id.is_empty();
        let sensor = self.sensors.entry(signal.sensor.clone()).or_default();
        if signal.verdict == Verdict::Unhealthy {
            sensor.note_bad(now);
        }
        // What looked before the newest one does not count; nor does it for the machine.
        if pushed
            && sensor
                .newest
                .is_some_and(|newest| signal.observed_at < newest)
        {
            return;
        }
        if pushed {
            sensor.newest = Some(signal.observed_at);
        }
        match signal.verdict {
            Verdict::Unhealthy => {
                let run = BadRun {
                    stamped: pushed.then_some(signal.observed_at),
                    taken: Some(if pushed {
                        now
                    } else {
                        signal.observed_at.min(now)
                    }),
                };
                sensor.run.get_or_insert(run);
            }
            Verdict::Healthy => sensor.run = None,
            // It neither counts nor resets.
            Verdict::Unknown => {}
        }
    }

    /// Since when a quorum of fault domains has reported this side down, by the clock of the lines, if it
    /// has. `clock_error`: AWS's clock minus that one; `from`: when the hold-down began at the latest.
    pub(super) fn quorum_since(
        &self,
        setup: &Setup,
        side: Side,
        clock_error: Span,
        from: Time,
    ) -> Option<Time> {
        let mut domains: BTreeMap<Domain, Time> = BTreeMap::new();
        let of_side = |sensor: &&Sensor| sensor.side == side && sensor.vantage.sees_endpoint();
        for sensor in setup.sensors.iter().filter(of_side) {
            let Some(read) = self.sensors.get(&sensor.name) else {
                continue;
            };
            let reported = read.bad_since(from - BAD_WITHIN);
            let running = read.run.map(|run| run.since(clock_error));
            let Some(since) = reported.into_iter().chain(running).min() else {
                continue;
            };
            let known = domains.entry(sensor.vantage.domain()).or_insert(since);
            *known = (*known).min(since);
        }
        let mut runs: Vec<Time> = domains.into_values().collect();
        runs.sort_unstable();
        runs.get(usize::from(setup.policy.quorum.checked_sub(1)?))
            .copied()
    }

    /// Whether an operator ordered a role change.
    pub(super) fn is_ordered(&self) -> bool {
        self.ordered
    }

    /// Whether this side was seen to be the writer.
    pub(super) fn has_been_writer(&self, side: Side) -> bool {
        self.writers_seen[side.index()]
    }
}
