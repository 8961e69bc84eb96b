//! Events that wait for the machine while a line is on its way.
//!
//! Readings of one sensor with the same verdict are one: the newest, and a flood of them takes no
//! more room than one. A change of verdict is never lost. Ends of attempts go first, since an effect
//! outweighs a reading; then readings, so that a look, time or an order, which may lead to an act, meets all
//! that is known. Deliberately absent: order among sensors beyond that of arrival.

use super::conductor::{EventLetter, EventOrigin};
use drd_state_machine::event::{Event, Observation, Signal, Verdict};
use std::collections::VecDeque;

/// Letters that wait. Own polls are at most ten in flight, receives bring 80 messages at most, and
/// operators eight orders: three times that is a daemon whose ledger lags behind.
const LETTERS_MAX: usize = 300;
/// Orders that may wait: people who ask more often are answered that drd is busy.
const ORDERS_MAX: usize = 8;

/// Readings that may go before a letter of another kind: a flood of them delays it and does not stop it.
const READINGS_FIRST: usize = LETTERS_MAX;

/// What waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Inbox {
    urgent: VecDeque<EventLetter>,
    letters: VecDeque<EventLetter>,
    /// Readings that went before an older letter of another kind.
    ahead: usize,
}

impl Inbox {
    /// The next one.
    pub(super) fn pop(&mut self) -> Option<EventLetter> {
        self.urgent.pop_front().or_else(|| self.pop_letter())
    }

    fn pop_letter(&mut self) -> Option<EventLetter> {
        let reading = |letter: &EventLetter| is_reading(&letter.event);
        let place = self.letters.iter().position(reading).unwrap_or_default();
        if place == 0 || self.ahead >= READINGS_FIRST {
            self.ahead = 0;
            return self.letters.pop_front();
        }
        self.ahead += 1;
        self.letters.remove(place)
    }

    /// Whether messages may be received: there is room for another batch.
    pub(super) fn has_room(&self) -> bool {
        self.letters.len() < LETTERS_MAX / 3
    }

    /// The ledger refuses: readings would be old when it works again, and come again by themselves;
    /// messages come again from the queue. Ends of attempts stay. Gives what goes.
    pub(super) fn forget_readings(&mut self) -> Vec<EventLetter> {
        std::mem::take(&mut self.letters).into()
    }

    /// The end of an attempt.
    pub(super) fn push_urgent(&mut self, letter: EventLetter) {
        self.urgent.push_back(letter);
    }

    /// Whether one more order may wait.
    pub(super) fn takes_orders(&self) -> bool {
        let orders = |letter: &&EventLetter| matches!(letter.origin, EventOrigin::Operator { .. });
        self.letters.iter().filter(orders).count() < ORDERS_MAX
    }

    /// Any other. Where it supersedes one that waits it takes its place. A full inbox drops the
    /// oldest reading of drd's own, which comes again by itself.
    pub(super) fn push(&mut self, letter: EventLetter) {
        let Some(letter) = self.superseded_by(letter) else {
            return;
        };
        if self.letters.len() >= LETTERS_MAX {
            let own = self
                .letters
                .iter()
                .position(|l| l.origin == EventOrigin::Own);
            if let Some(place) = own {
                self.letters.remove(place);
            }
        }
        self.letters.push_back(letter);
    }

    /// Joins it with the newest one of the same source, if that has the same verdict.
    fn superseded_by(&mut self, mut letter: EventLetter) -> Option<EventLetter> {
        let same = |old: &&mut EventLetter| is_same_source(&old.event, &letter.event);
        let Some(old) = self.letters.iter_mut().rev().find(same) else {
            return Some(letter);
        };
        if !supersedes(&letter.event, &old.event) {
            return Some(letter);
        }
        join(&mut letter.origin, &old.origin);
        *old = letter;
        None
    }
}

/// Whether it reports what is so, and by itself leads to no act.
fn is_reading(event: &Event) -> bool {
    match event {
        Event::Signalled(_)
        | Event::Sampled(_)
        | Event::LagRead(_)
        | Event::HeartbeatReturned { .. } => true,
        Event::Observed(_)
        | Event::Checked { .. }
        | Event::Finished(_)
        | Event::Ordered { .. }
        | Event::Started
        | Event::Tick => false,
    }
}

fn is_same_source(old: &Event, new: &Event) -> bool {
    match (old, new) {
        (Event::Signalled(old), Event::Signalled(new)) => old.sensor == new.sensor,
        (Event::Observed(old), Event::Observed(new)) => is_same_look(old, new),
        (Event::Checked { .. }, Event::Checked { .. }) | (Event::Tick, Event::Tick) => true,
        _ => false,
    }
}

/// A look around asks the references, one at the active side does not.
fn is_same_look(old: &Observation, new: &Observation) -> bool {
    (old.references == Verdict::Unknown) == (new.references == Verdict::Unknown)
}

fn supersedes(new: &Event, old: &Event) -> bool {
    match (new, old) {
        (Event::Signalled(new), Event::Signalled(old)) => is_newer(new, old),
        (Event::Observed(new), Event::Observed(old)) => new.references == old.references,
        (Event::Checked { .. }, Event::Checked { .. }) | (Event::Tick, Event::Tick) => true,
        _ => false,
    }
}

fn is_newer(new: &Signal, old: &Signal) -> bool {
    new.verdict == old.verdict
        && new.observed_at >= old.observed_at
        && new.id.is_empty() == old.id.is_empty()
}

/// Both deliveries are deleted once the newer one is durable.
fn join(new: &mut EventOrigin, old: &EventOrigin) {
    if let (
        EventOrigin::Queue { receipts, .. },
        EventOrigin::Queue {
            receipts: older, ..
        },
    ) = (new, old)
    {
        receipts.extend(older.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drd_state_machine::time::Time;
    use std::sync::Arc;

    fn letter(number: i64, verdict: Verdict) -> EventLetter {
        let id: Arc<str> = Arc::from(number.to_string());
        EventLetter {
            event: Event::Signalled(Signal {
                id: id.clone(),
                sensor: Arc::from("witness-primary"),
                verdict,
                observed_at: Time(number),
                good_at: None,
            }),
            origin: EventOrigin::Queue {
                receipts: vec![id.clone()],
                id,
            },
        }
    }

    fn waiting(inbox: &mut Inbox) -> Vec<(i64, usize)> {
        let mut all = Vec::new();
        while let Some(letter) = inbox.pop() {
            let (Event::Signalled(signal), EventOrigin::Queue { receipts, .. }) =
                (&letter.event, &letter.origin)
            else {
                panic!("{letter:?}");
            };
            all.push((signal.observed_at.0, receipts.len()));
        }
        all
    }

    #[test]
    fn a_flood_of_one_sensor_that_repeats_itself_is_one_letter_and_loses_no_receipt() {
        let mut inbox = Inbox::default();
        for number in 0..3000 {
            inbox.push(letter(number, Verdict::Healthy));
        }
        assert_eq!(waiting(&mut inbox), [(2999, 3000)]);
    }

    #[test]
    fn a_change_of_verdict_is_never_lost_and_keeps_its_order() {
        let mut inbox = Inbox::default();
        for (number, verdict) in [
            (1, Verdict::Healthy),
            (2, Verdict::Unhealthy),
            (3, Verdict::Unhealthy),
            (4, Verdict::Healthy),
        ] {
            inbox.push(letter(number, verdict));
        }
        assert_eq!(waiting(&mut inbox), [(1, 1), (3, 2), (4, 1)]);
    }

    #[test]
    fn an_older_reading_does_not_supersede_a_newer_one() {
        let mut inbox = Inbox::default();
        inbox.push(letter(5, Verdict::Healthy));
        inbox.push(letter(4, Verdict::Healthy));
        assert_eq!(waiting(&mut inbox), [(5, 1), (4, 1)]);
    }

    #[test]
    fn the_end_of_an_attempt_goes_before_every_reading() {
        let mut inbox = Inbox::default();
        inbox.push(letter(1, Verdict::Healthy));
        let tick = EventLetter {
            event: Event::Tick,
            origin: EventOrigin::Own,
        };
        inbox.push_urgent(tick.clone());
        assert_eq!(inbox.pop(), Some(tick));
    }

    /// After a disk that hung, what was read meanwhile is known before a look leads to an act.
    #[test]
    fn a_look_waits_for_the_readings_that_came_after_it_and_not_for_ever() {
        let mut inbox = Inbox::default();
        inbox.push(look(Verdict::Healthy));
        inbox.push(letter(1, Verdict::Unhealthy));
        inbox.push(letter(2, Verdict::Healthy));
        let order: Vec<_> = std::iter::from_fn(|| inbox.pop()).collect();
        let readings = [letter(1, Verdict::Unhealthy), letter(2, Verdict::Healthy)];
        assert_eq!(order[..2], readings);
        assert_eq!(order[2..], [look(Verdict::Healthy)]);

        inbox.push(look(Verdict::Healthy));
        for number in 0..2 * READINGS_FIRST as i64 {
            let verdict = if number % 2 == 0 {
                Verdict::Healthy
            } else {
                Verdict::Unhealthy
            };
            inbox.push(letter(number, verdict));
            let next = inbox.pop();
            if next == Some(look(Verdict::Healthy)) {
                assert_eq!(number, READINGS_FIRST as i64);
                return;
            }
        }
        panic!("the look never came");
    }

    fn look(references: Verdict) -> EventLetter {
        EventLetter {
            event: Event::Observed(Observation {
                references,
                ..Observation::default()
            }),
            origin: EventOrigin::Own,
        }
    }

    #[test]
    fn a_look_at_which_the_references_changed_is_never_lost() {
        let mut inbox = Inbox::default();
        for references in [
            Verdict::Healthy,
            Verdict::Healthy,
            Verdict::Unhealthy,
            Verdict::Healthy,
        ] {
            inbox.push(look(references));
        }
        let seen: Vec<_> = std::iter::from_fn(|| inbox.pop()).collect();
        assert_eq!(
            seen,
            [Verdict::Healthy, Verdict::Unhealthy, Verdict::Healthy].map(look)
        );
    }

    #[test]
    fn a_look_around_supersedes_the_last_one_across_a_look_at_the_active_side() {
        let mut inbox = Inbox::default();
        for references in [Verdict::Healthy, Verdict::Unknown, Verdict::Healthy] {
            inbox.push(look(references));
        }
        let left: Vec<_> = std::iter::from_fn(|| inbox.pop()).collect();
        assert_eq!(left, [Verdict::Healthy, Verdict::Unknown].map(look));
    }

    /// The rest of the room is for drd's own readings and for what receives in flight bring.
    #[test]
    fn messages_are_received_until_a_third_of_the_room_is_taken() {
        let mut inbox = Inbox::default();
        for number in 0..100 {
            assert!(inbox.has_room(), "{number} letters wait");
            let verdict = if number % 2 == 0 {
                Verdict::Healthy
            } else {
                Verdict::Unhealthy
            };
            inbox.push(letter(number, verdict));
        }
        assert!(!inbox.has_room());
    }
}
