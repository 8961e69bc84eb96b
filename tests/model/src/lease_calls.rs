//! A daemon's calls about its lease and before a term: what the table answers, and when.
//!
//! Deliberately absent: when a lease is read, taken, renewed or given up. The shipped engine has that.

use crate::engines::{News, Reaction};
use crate::estate::Act;
use crate::host::{give, standing};
use crate::model::{AnswerFate, Doubt, Met, Protocol, Variant};
use crate::moves::name;
use crate::state::{Awaited, Flight, State};
use crate::turn::LineFate;
use drd::engine::lease::Row;
use drd::engine::port::StoreCall;
use drd_state_machine::time::Span;
use std::sync::Arc;

/// The row as this daemon is shown it.
fn shown_row(m: &Protocol, s: &State) -> Option<Row> {
    let row = s.store.row.clone();
    match m.variant {
        Variant::NoWait => row.map(|row| Row {
            released: true,
            ..row
        }),
        Variant::Shipped
        | Variant::NoFencing
        | Variant::NoCheckBeforeSend
        | Variant::NoQuarantine
        | Variant::LeaseFromReceipt
        | Variant::ActBeforeAppend => row,
    }
}

/// A daemon's own answer to its own call is here: it waits for nothing more.
fn receive(m: &Protocol, s: &mut State, who: usize, news: News) {
    if let Some(process) = s.process_mut(who) {
        process.awaited = None;
    }
    give(m, s, who, news, Doubt::None);
}

/// Every daemon that does not lead and is not frozen asks for the row when that is due.
pub fn wake_followers(m: &Protocol, s: &mut State) {
    for who in 0..s.daemons.len() {
        let Some(daemon) = standing(m, s, who) else {
            continue;
        };
        let idle = s.process(who).is_some_and(|p| p.awaited.is_none());
        let due = daemon.wakes_at.is_some_and(|at| at <= s.now);
        if daemon.term.is_none() && idle && due {
            give(m, s, who, News::Timer, Doubt::None);
        }
    }
}

/// Every daemon that asked for the row is shown it, unless it would take the lease: that is a move
/// of its own. A daemon that is frozen sees it later, which only makes its wait longer.
pub fn show_row(m: &Protocol, s: &mut State) {
    for who in 0..s.daemons.len() {
        if let Some((news, false)) = reading(m, s, who) {
            receive(m, s, who, news);
        }
    }
}

/// The answer to a daemon that asked for the row, and whether it would take the lease after it.
fn reading(m: &Protocol, s: &State, who: usize) -> Option<(News, bool)> {
    let process = s.process(who)?;
    let Some(Awaited::Lease { call }) = process.awaited else {
        return None;
    };
    let row = shown_row(m, s);
    let news = News::LeaseRead { call, row };
    let reaction = m
        .engines
        .react(process.engine, s.now, news.clone(), LineFate::Refused);
    Some((news, reaction.call.is_some()))
}

/// Whether a daemon would take the lease now.
pub fn may_take(m: &Protocol, s: &State, who: usize) -> bool {
    reading(m, s, who).is_some_and(|(_, takes)| takes)
}

/// A daemon reads the row and takes the lease.
pub fn take_lease(m: &Protocol, s: &mut State, who: usize, fate: AnswerFate) {
    let Some((news, true)) = reading(m, s, who) else {
        return;
    };
    if m.variant == Variant::LeaseFromReceipt && fate == AnswerFate::Late {
        return take_ahead(m, s, who);
    }
    let Some(process) = s.process(who) else {
        return;
    };
    let asked = m
        .engines
        .react(process.engine, s.now, news.clone(), LineFate::Refused);
    receive(m, s, who, news);
    write_lease(m, s, who, &asked, fate);
}

/// The table takes the write of a lease if the row is as it was found.
fn write_lease(m: &Protocol, s: &mut State, who: usize, asked: &Arc<Reaction>, fate: AnswerFate) {
    let Some((call, StoreCall::WriteLease { found, next })) = &asked.call else {
        return;
    };
    let call = *call;
    let version = |row: &Row| (row.fencing_token, row.version);
    let as_found = s.store.row.as_ref().map(version) == found.as_ref().map(version);
    if as_found {
        s.store.row = Some(next.clone());
    }
    match fate {
        AnswerFate::Prompt if as_found => receive(m, s, who, News::LeaseWritten { call }),
        AnswerFate::Prompt => {
            let row = s.store.row.clone();
            receive(m, s, who, News::LeaseRefused { call, row });
        }
        AnswerFate::Late => {
            s.left.late -= 1;
            let (to, found) = (who, None);
            s.send(Flight::Answer { to, call, found });
        }
        AnswerFate::Lost => {
            s.left.late -= 1;
            receive(m, s, who, News::Unanswered { call });
        }
    }
}

/// The broken count: the row is written now, and the engine is asked for the write when the answer
/// is there, so that it counts its lease from then.
fn take_ahead(m: &Protocol, s: &mut State, who: usize) {
    let (Some(process), Some(row)) = (s.process(who), s.store.row.clone()) else {
        return;
    };
    let Some(Awaited::Lease { call }) = process.awaited else {
        return;
    };
    s.left.late -= 1;
    let found = Some((row.fencing_token, row.version));
    s.store.row = Some(Row::taken(Some(&row), name(who), m.terms.lease));
    if let Some(process) = s.process_mut(who) {
        process.awaited = Some(Awaited::Write { call });
    }
    let to = who;
    s.send(Flight::Answer { to, call, found });
}

/// An answer about the lease arrives that was on its way for long.
pub fn answered(m: &Protocol, s: &mut State, to: usize, call: u64, found: Option<(u64, u64)>) {
    let Some((fencing_token, version)) = found else {
        return receive(m, s, to, News::LeaseWritten { call });
    };
    let row = Some(Row {
        owner: String::new(),
        fencing_token,
        version,
        lease_ms: m.terms.lease.0,
        released: true,
    });
    receive(m, s, to, News::LeaseRead { call, row });
    let written = s.process(to).and_then(|p| p.awaited);
    if let Some(Awaited::Write { call }) = written {
        receive(m, s, to, News::LeaseWritten { call });
    }
}

/// A leader's lease was renewed while time passed.
pub fn renewed(m: &Protocol, s: &mut State, who: usize, span: Span, late: bool) {
    let Some(process) = s.process(who) else {
        return;
    };
    let news = News::Renewed { span, late };
    let renewals = m
        .engines
        .react(process.engine, s.now, news.clone(), LineFate::Durable);
    // The row is written before the lines that are conditional on it.
    s.store.row = renewals.row.clone().or(s.store.row.take());
    give(m, s, who, news, Doubt::None);
    if late {
        write_lease(m, s, who, &renewals, AnswerFate::Late);
    }
}

/// Reads the ledger and begins the term: the first line is conditional on the lease like any other.
pub fn begin(m: &Protocol, s: &mut State, who: usize) {
    let Some(Awaited::Ledger { call }) = s.process(who).and_then(|p| p.awaited) else {
        return;
    };
    let record = s.store.record;
    let taken_over = s
        .store
        .row
        .as_ref()
        .is_some_and(|row| row.fencing_token > 1);
    if m.engines.brief(record).state == "promoting" && taken_over {
        m.meet(Met::TakeoverInPromotion);
    }
    receive(m, s, who, News::LedgerRead { call, record });
    if issued_again(s, who) {
        m.meet(Met::IssuedAgain);
    }
}

/// Whether a daemon is about to send what an earlier term sent, and what has not landed yet.
fn issued_again(s: &State, who: usize) -> bool {
    let same = |a: &Act, b: &Act| (a.kind, a.incident_id) == (b.kind, b.incident_id);
    let pending = s.process(who).map(|p| p.pending.as_slice());
    let on_its_way = |f: &Flight| match f {
        Flight::Act { by: None, act } => pending.unwrap_or_default().iter().any(|p| same(p, act)),
        Flight::Act { by: Some(_), .. }
        | Flight::Copy { .. }
        | Flight::Answer { .. }
        | Flight::Line { .. } => false,
    };
    s.wire.iter().any(on_its_way)
}

/// The hand-over on SIGTERM: the lease is given up if it is still this daemon's.
pub fn stop(m: &Protocol, s: &mut State, who: usize) {
    let Some(engine) = s.process(who).map(|p| p.engine) else {
        return;
    };
    s.left.releases -= 1;
    let news = News::StopRequested;
    let asked = m
        .engines
        .react(engine, s.now, news.clone(), LineFate::Durable);
    give(m, s, who, news, Doubt::None);
    write_lease(m, s, who, &asked, AnswerFate::Prompt);
}
