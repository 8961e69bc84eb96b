//! Situations that the end of an attempt, a poll during a recovery, the passing of the
//! objective, a start or an operator's order make.
//!
//! Deliberately absent: what only sensors report (`observed`).

use super::observed::prescaled;
use super::situation::{Situation, look, tick, when};
use crate::scene::Scene;
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Event, Outcome, Side, Word};
use drd_state_machine::policy::{DROPPED, REFUSALS_PAGED};
use drd_state_machine::record::Operation;
use drd_state_machine::record::{FenceOutcome, Unanswered};
use drd_state_machine::time::Span;

pub const ANSWERED: &[Situation] = &[
    when(
        "the role change is accepted",
        |_| {},
        |s| role(s, Outcome::Done),
    ),
    when(
        "the role change gets no answer",
        |_| {},
        |s| role(s, unknown()),
    ),
    when("the role change is refused", |_| {}, |s| role(s, refused())),
    when(
        "the role change is refused once too often",
        |s| {
            refused_too_often(s);
        },
        tick,
    ),
    when(
        "the role change is refused once too often, lag over the RPO",
        |s| {
            s.lag_before(Span::secs(85), Span::secs(61));
            refused_too_often(s);
        },
        tick,
    ),
    when(
        "the role change is refused once too often, all is well by now",
        |s| {
            s.all_is_well();
            refused_too_often(s);
        },
        tick,
    ),
    when("the role change is denied", |_| {}, |s| role(s, denied())),
    when(
        "the role change was accepted and dropped",
        |s| {
            s.began_earlier(Span::secs(60));
            let asked_at = s.now - DROPPED - Span::secs(5);
            if let Some(p) = s.progress() {
                p.database.accepted = true;
                p.database.asked_at = asked_at;
            }
        },
        look,
    ),
    when(
        "the role change has used up its slice",
        |s| {
            s.began_earlier(Span::secs(110));
        },
        tick,
    ),
    when("a retry is due", retry_due, tick),
    when("the writer moved", |_| {}, moved),
    when(
        "the writer moved, the proof is refused",
        |s| writer_moved(s, false),
        |s| s.ended(Kind::ProveWrite, refused()),
    ),
    when(
        "the writer moved, a write is proven",
        |s| writer_moved(s, false),
        |s| s.ended(Kind::ProveWrite, Outcome::Done),
    ),
    when(
        "writer moved and scaled, a write is proven",
        |s| writer_moved(s, true),
        |s| s.ended(Kind::ProveWrite, Outcome::Done),
    ),
    when(
        "a proof without a writer",
        |_| {},
        |s| s.ended(Kind::ProveWrite, Outcome::Done),
    ),
    when(
        "all instances serve",
        |s| s.see_side(Side::Standby, 6),
        tick,
    ),
    when(
        "half of the instances serve",
        |s| s.see_side(Side::Standby, 3),
        tick,
    ),
    when(
        "half of the instances serve, slice used up",
        |s| {
            s.began_earlier(Span::secs(110));
            s.see_side(Side::Standby, 3);
        },
        tick,
    ),
    when(
        "scaling is done",
        |_| {},
        |s| s.ended(Kind::Scale, Outcome::Done),
    ),
    when(
        "scaling gets no answer",
        |_| {},
        |s| s.ended(Kind::Scale, unknown()),
    ),
    when(
        "scaling is refused",
        |_| {},
        |s| s.ended(Kind::Scale, refused()),
    ),
    when(
        "scaling is denied",
        |_| {},
        |s| s.ended(Kind::Scale, denied()),
    ),
    when(
        "the latch is thrown",
        |_| {},
        |s| s.ended(Kind::Redirect, Outcome::Done),
    ),
    when(
        "the latch gets no answer",
        |_| {},
        |s| s.ended(Kind::Redirect, unknown()),
    ),
    when(
        "the latch is refused",
        |_| {},
        |s| s.ended(Kind::Redirect, refused()),
    ),
    when(
        "the latch is denied",
        |_| {},
        |s| s.ended(Kind::Redirect, denied()),
    ),
    when(
        "the latch is thrown, the resolvers moved",
        |s| {
            if let Some(latch) = s.latch() {
                latch.accepted = true;
            }
        },
        resolvers,
    ),
    when("the resolvers moved", |_| {}, resolvers),
    when("the new side is seen to serve", new_side_serves, tick),
    when("the old side is fenced", fenced, |s| {
        s.ended(Kind::Fence, Outcome::Done)
    }),
    when("the fence is denied", fenced, |s| {
        s.ended(Kind::Fence, denied())
    }),
    when(
        "pre-scaling is done",
        |_| {},
        |s| s.ended(Kind::Prescale, Outcome::Done),
    ),
    when("scaling back is done", prescaled, |s| {
        s.ended(Kind::ScaleBack, Outcome::Done)
    }),
    when("pre-scaling is denied", pre_scaled_in_an_outage, |s| {
        s.ended(Kind::Prescale, denied())
    }),
    when("scaling back is refused", prescaled, |s| {
        s.ended(Kind::ScaleBack, refused())
    }),
    when("scaling back is denied", prescaled, |s| {
        s.ended(Kind::ScaleBack, denied())
    }),
    when(
        "a page is sent",
        |_| {},
        |s| s.ended(Kind::Page, Outcome::Done),
    ),
    when("an older incident's role change is denied", |_| {}, stale),
    when(
        "the objective is used up",
        |s| s.began_earlier(Span::secs(300)),
        tick,
    ),
    when("a daemon starts", |_| {}, |_| Event::Started),
    when("operator: pause", |_| {}, |_| word(Word::Pause)),
    when("operator: resume", |_| {}, |_| word(Word::Resume)),
    when("operator: abandon", |_| {}, |_| word(Word::Abandon)),
    when(
        "operator: abandon, the writer has moved",
        |s| {
            writer_moved(s, false);
            let at = s.now;
            if let Some(incident) = &mut s.record.facts.incident {
                incident.promoted_at.get_or_insert(at);
            }
        },
        |_| word(Word::Abandon),
    ),
    when("operator: failover", |_| {}, |_| word(Word::Failover)),
    when("operator: switchover", |_| {}, |_| word(Word::Switchover)),
    when(
        "operator: failover, requests of the last role change may still land",
        |s| {
            let (to, until) = (s.record.facts.active, s.now - Span::secs(60));
            s.record.facts.unanswered = Some(Unanswered { to, until });
        },
        |_| word(Word::Failover),
    ),
];

const fn word(word: Word) -> Event {
    Event::Ordered {
        word,
        lasts: None,
        by: None,
    }
}

/// The fence was asked for.
fn fenced(s: &mut Scene) {
    if let Some(incident) = &mut s.record.facts.incident {
        incident.fence = FenceOutcome::Asked;
    }
}

fn pre_scaled_in_an_outage(s: &mut Scene) {
    prescaled(s);
    s.region_dark(Span::secs(20));
}

fn unknown() -> Outcome {
    Outcome::Unknown {
        why: "no answer within 10 s".to_owned(),
    }
}

fn refused() -> Outcome {
    Outcome::Refused {
        why: "InvalidGlobalClusterStateFault".to_owned(),
    }
}

fn denied() -> Outcome {
    Outcome::Denied {
        why: "AccessDenied".to_owned(),
    }
}

/// The end of the role change that the incident is about.
fn role(s: &Scene, outcome: Outcome) -> Event {
    let switches = s
        .record
        .facts
        .incident
        .as_ref()
        .is_some_and(|i| i.operation == Operation::Switchover);
    let kind = if switches {
        Kind::Switchover
    } else {
        Kind::Promote
    };
    s.ended(kind, outcome)
}

fn stale(s: &Scene) -> Event {
    let mut event = role(s, denied());
    if let Event::Finished(done) = &mut event {
        done.incident_id = 0;
    }
    event
}

fn refused_too_often(s: &mut Scene) {
    let now = s.now;
    if let Some(p) = s.progress() {
        p.database.refusals = REFUSALS_PAGED;
        p.database.retry_at = Some(now);
    }
}

fn retry_due(s: &mut Scene) {
    let now = s.now;
    if let Some(p) = s.progress() {
        p.database.retry_at = Some(now);
        p.capacity.retry_at = Some(now);
    }
    if let Some(latch) = s.latch() {
        latch.retry_at = Some(now);
    }
}

fn moved(s: &Scene) -> Event {
    let mut view = s.look();
    if let Some(global) = &mut view.global {
        global.writer = Some(Side::Standby);
    }
    Event::Observed(view)
}

/// The writer was seen on the other side; a write is being proven.
fn writer_moved(s: &mut Scene, scaled: bool) {
    let now = s.now;
    s.see_global(Side::Standby, false);
    if let Some(p) = s.progress() {
        p.database.done_at = Some(now);
        p.writable.attempt = 1;
        p.writable.asked_at = now - Span::secs(1);
        p.capacity.done_at = scaled.then_some(now);
    }
}

fn resolvers(s: &Scene) -> Event {
    let mut view = s.look();
    view.dns = Some(Side::Standby);
    Event::Observed(view)
}

/// Its endpoint and its writer are seen after the traffic moved.
fn new_side_serves(s: &mut Scene) {
    let now = s.now;
    if let Some(incident) = &mut s.record.facts.incident
        && incident.redirected_at.is_some()
    {
        incident.redirected_at = Some(now - Span::secs(4));
    }
}
