//! What the service manager is notified of, and when: the rule, with the time handed in.
//!
//! It reports only when a loop turned. A loop that stalls sends nothing, and the manager's watchdog
//! then ends the process; the next one goes on from the ledger. Deliberately absent: a timer
//! of its own, sockets, clocks. Moments are times since this host's boot.

use crate::status::StatusView;
use drd_state_machine::Phase;
use drd_state_machine::time::Span;
use sd_notify::NotifyState;

/// A burst of events is one sign of life: the manager, which is PID 1, wakes up for each.
const PACE: Span = Span::secs(1);
/// What one turn may take on a host that is short of CPU: a turn itself waits for no disk and no
/// network.
pub(super) const TURN_MAX: Span = Span::secs(5);
/// How long the manager waits for the next sign of life while this daemon is not ready: one that
/// waits for its ledger's table gives one every few seconds.
const START_EXTENDED_BY: Span = Span::secs(30);
/// The ages in a status change all the time; between changes that matter this often is enough.
const STATUS_EVERY: Span = Span::secs(30);

/// The watchdog's period could not be kept even by a loop that is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the service manager would kill drd after {given} without a sign of life, but one turn of its loop \
     may take {turn_max} with this ledger: nothing was started.\n\
     Set WatchdogSec to {least} or more (systemctl edit drd), or to 0 for no watchdog"
)]
pub struct TooShort {
    given: Span,
    turn_max: Span,
    least: Span,
}

/// The state that was last reported.
#[derive(Debug)]
struct Said {
    matters: Matters,
    text: String,
    at: Span,
}

/// What is reported at once when it changes.
#[derive(Debug, PartialEq, Eq)]
struct Matters {
    state: Phase,
    armed: bool,
    paused: bool,
    leads: bool,
    owner: Option<String>,
    active: &'static str,
}

impl Matters {
    fn of(view: &StatusView) -> Matters {
        Matters {
            state: view.state,
            armed: view.armed,
            paused: view.paused,
            leads: view.leader.as_ref().is_none_or(|leader| leader.leads),
            owner: view.leader.as_ref().map(|leader| leader.owner.clone()),
            active: view.active_side.name(),
        }
    }
}

/// What the manager knows.
#[derive(Debug, Default)]
pub(super) struct Rule {
    period: Option<Span>,
    spoke_at: Option<Span>,
    ready: bool,
    said: Option<Said>,
}

impl Rule {
    /// `period` is the watchdog's, if there is one; `turn_max` the longest that one turn may take.
    pub(super) fn new(period: Option<Span>, turn_max: Span) -> Result<Rule, TooShort> {
        // A turn, the pace, and the quarter that a loop may wait must fit.
        let least = Span(((turn_max + PACE).0 * 4 + 2) / 3);
        match period {
            Some(given) if given < least => Err(TooShort {
                given,
                turn_max,
                least: Span::secs((least.0 + 999) / 1000),
            }),
            Some(_) | None => Ok(Rule {
                period,
                ..Rule::default()
            }),
        }
    }

    /// How long a loop may wait between two turns. With [`PACE`] that stays under half the period.
    pub(super) fn wait_max(&self) -> Option<Span> {
        self.period.map(|period| Span(period.0 / 4))
    }

    /// A loop turned.
    pub(super) fn turned(&mut self, now: Span) -> Vec<NotifyState<'static>> {
        if self.spoke_at.is_some_and(|at| now - at < PACE) {
            return Vec::new();
        }
        self.spoke_at = Some(now);
        let alive = self.period.map(|_| NotifyState::Watchdog);
        let starting = (!self.ready).then(|| extend(START_EXTENDED_BY));
        alive.into_iter().chain(starting).collect()
    }

    /// Whether `ready` was still to be sent.
    pub(super) fn becomes_ready(&mut self) -> bool {
        !std::mem::replace(&mut self.ready, true)
    }

    /// The manager did not take that this daemon is ready: it is to be sent again.
    pub(super) fn not_heard_as_ready(&mut self) {
        self.ready = false;
    }

    /// The manager did not take the status: it is to be sent again.
    pub(super) fn not_shown(&mut self) {
        self.said = None;
    }

    /// There is something to show. Gives the text when it is to be sent.
    pub(super) fn shows(&mut self, view: &StatusView, now: Span) -> Option<String> {
        let (matters, text) = (Matters::of(view), words(view));
        let known = self.said.as_ref().is_some_and(|said| {
            let same = said.text == text || now - said.at < STATUS_EVERY;
            said.matters == matters && same
        });
        if known {
            return None;
        }
        self.said = Some(Said {
            matters,
            text: text.clone(),
            at: now,
        });
        Some(text)
    }
}

/// The manager must be notified again within this time.
pub(super) fn extend(by: Span) -> NotifyState<'static> {
    NotifyState::ExtendTimeoutUsec(u32::try_from(by.0 * 1000).unwrap_or(u32::MAX))
}

/// One line for `systemctl status`. No line break may get in: the next line is another message.
fn words(view: &StatusView) -> String {
    let (state, side) = (view.state, view.active_side);
    let run = view.incident.as_ref().filter(|incident| !incident.ended);
    let text = match (run, &view.leader) {
        (_, Some(leader)) if !leader.leads && state != Phase::Held => {
            format!("standing by: {}", leader.summary())
        }
        (Some(run), _) => {
            let (number, to) = (run.incident_id, run.to);
            let held = state == Phase::Held;
            let now = if held { &run.text } else { state.name() };
            format!("run {number}, to {to}: {now}")
        }
        (None, _) if view.armed => format!("{}; {state}, {side} serves", view.armed_words()),
        (None, _) => {
            let why = view.not_armed_because.first();
            let why = why.map_or("no reason known", String::as_str);
            format!("NOT ARMED: {why}; {state}, {side} serves")
        }
    };
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::LeaderStatus;
    use crate::status::tests::calm;

    fn rule(period: i64) -> Rule {
        Rule::new(Some(Span::secs(period)), TURN_MAX).expect("long enough")
    }

    fn told(rule: &mut Rule, at: Span) -> Vec<String> {
        rule.turned(at).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_loop_that_waits_as_long_as_it_may_is_heard_within_half_the_period() {
        for period in [8, 30, 60] {
            let mut rule = rule(period);
            let _ = rule.becomes_ready();
            let wait = rule.wait_max().expect("a watchdog");
            let (mut now, mut heard) = (Span::ZERO, Span::ZERO);
            assert_eq!(told(&mut rule, now), ["WATCHDOG=1"]);
            for _ in 0..100 {
                // An event comes just before the pace allows another word, then nothing.
                for pause in [PACE - Span::millis(1), wait] {
                    now = now + pause;
                    if told(&mut rule, now) == ["WATCHDOG=1"] {
                        let gap = now - heard;
                        assert!(gap.0 * 2 <= Span::secs(period).0, "{period}: {gap}");
                        heard = now;
                    }
                }
            }
            assert!(now - heard <= wait + PACE);
        }
    }

    #[test]
    fn a_loop_that_does_not_turn_is_not_heard() {
        // The rule reports through `turned` only, and a loop that was held up reports again at once.
        let mut rule = rule(30);
        let _ = rule.becomes_ready();
        assert_eq!(told(&mut rule, Span::secs(100)), ["WATCHDOG=1"]);
        assert_eq!(told(&mut rule, Span::secs(400)), ["WATCHDOG=1"]);
    }

    #[test]
    fn a_burst_of_events_is_one_sign_of_life() {
        let mut rule = rule(30);
        let _ = rule.becomes_ready();
        let burst = (0..1000).flat_map(|ms| told(&mut rule, Span::millis(ms)));
        assert_eq!(burst.count(), 1);
        assert_eq!(told(&mut rule, Span::secs(1)).len(), 1);
    }

    #[test]
    fn until_it_is_ready_a_loop_that_lives_asks_for_more_time() {
        let mut rule = Rule::new(None, TURN_MAX).expect("no watchdog");
        assert_eq!(rule.wait_max(), None);
        let more = ["EXTEND_TIMEOUT_USEC=30000000"];
        assert_eq!(told(&mut rule, Span::secs(1)), more);
        assert_eq!(told(&mut rule, Span::secs(5)), more);
        assert!(rule.becomes_ready());
        assert!(!rule.becomes_ready(), "said once");
        assert!(told(&mut rule, Span::secs(9)).is_empty());
    }

    #[test]
    fn a_period_that_a_slow_ledger_would_exceed_is_refused_with_the_one_that_would_do() {
        let of = |period, turn| Rule::new(Some(Span::secs(period)), Span::secs(turn));
        assert!(of(7, 5).is_err() && of(8, 5).is_ok());
        assert!(of(0, 5).is_err());
        // The unit's 30 s, with a table under the default lease of 15 s and two calls of 2 s.
        assert!(of(30, 19).is_ok());
        let refused = of(30, 64).expect_err("a lease of a minute").to_string();
        assert!(refused.contains("WatchdogSec to 87 s"), "{refused}");
    }

    #[test]
    fn a_change_that_matters_is_told_at_once_and_an_age_only_now_and_then() {
        let (mut rule, mut view) = (rule(30), calm());
        view.incident = None;
        view.armed = false;
        view.not_armed_because = vec!["no heartbeat for 61 s".to_owned()];
        let first = rule.shows(&view, Span::ZERO).expect("the first");
        assert!(
            first.starts_with("NOT ARMED: no heartbeat for 61 s"),
            "{first}"
        );
        assert_eq!(rule.shows(&view, Span::secs(99)), None, "nothing new");
        view.not_armed_because = vec!["no heartbeat for 62 s".to_owned()];
        assert!(rule.shows(&view, Span::secs(100)).is_some());
        view.not_armed_because = vec!["no heartbeat for 63 s".to_owned()];
        assert_eq!(rule.shows(&view, Span::secs(101)), None);
        view.armed = true;
        let armed = rule.shows(&view, Span::secs(101)).expect("a change");
        assert!(armed.starts_with("armed; watching"), "{armed}");
    }

    #[test]
    fn a_status_is_one_line_whatever_is_in_it() {
        let mut view = calm();
        view.incident = None;
        view.armed = false;
        view.not_armed_because = vec!["a\nREADY=1\r\0b".to_owned()];
        assert!(!words(&view).contains(char::is_control));
        view.leader = Some(LeaderStatus {
            leads: false,
            owner: "other".to_owned(),
            fencing_token: 3,
            takeover_after_seconds: 15.0,
        });
        assert!(words(&view).starts_with("standing by: other leads, epoch 3"));
    }
}
